#!/bin/sh
# The real PowerShell engine answers what the simulator answers: the same estate retrieved from both gives the same lists.
. "$(dirname "$0")/../lib/run.sh"
. "$SOURCE/tests/lib/winhost.sh"
estate=$T/estate
sim=$T/sim.db
real=$T/real.db

"$SIMHOST" make "$estate" --servers 8 --scopes 60 --zones 40 --seed 4 --latency-ms 0 --even --shape plain >/dev/null # some zones are ill
for state in "$estate"/*.state; do
    name=$(basename "$state" .state)
    "$SIMHOST" fault "$estate" "$name" none
    role=dhcp
    case $name in dns-*) role=dns ;; dc-*) role=dhcp,dns ;; esac
    run 0 --db "$sim" server add "$name" --role $role --transport command --command "$SIMHOST serve $estate $name"
    run 0 --db "$real" server add "$name" --role $role --transport command --command "$engine $estate $name"
done
run 0 --db "$sim" retrieve
run 0 --db "$real" retrieve
# Times are of each round; what servers call themselves is not.
for list in scopes exclusions scopes6 zones zoneservers; do
    columns=$("$IPAMTUI" schema $list | awk '$2 != "time" && $1 !~ /^since/ { print $1 }' | paste -sd,)
    run 0 --db "$sim" list $list --columns "$columns" --format csv
    cp "$out" "$T/$list.sim"
    [ "$(wc -l <"$T/$list.sim")" -gt 5 ] || fail "$list are many"
    run 0 --db "$real" list $list --columns "$columns" --format csv
    cp "$out" "$T/$list.real"
    diff "$T/$list.sim" "$T/$list.real" >"$out" || fail "$list are the same from both"
done
# Zones of every health came by every one of the calls: listed, asked for their SOA, aging, events.
for there in 'health:error' 'health:warning' 'soa_serial>0' 'soa_error:*' 'aging:yes' 'event>0' 'type:secondary' 'type:forwarder'; do
    run 0 --db "$real" list zoneservers "$there" --columns zone --format tsv
    [ "$(wc -l <"$out")" -gt 1 ] || fail "the real engine answered: $there"
done
facts=server,role,reachable,dhcp_service,dns_service,scope_count,util,conflict_attempts,policies,authorized,computer,domain,machine
run 0 --db "$sim" list servers --columns $facts --format csv
cp "$out" "$T/servers.sim"
run 0 --db "$real" list servers --columns $facts --format csv
cmp -s "$out" "$T/servers.sim" || fail 'servers are the same from both'
# No call was refused, or ended otherwise than with the simulator.
for db in "$sim" "$real"; do
    sql "$db" "SELECT s.name, a.object, a.source, a.result, a.error FROM source a JOIN server s ON s.id = a.server ORDER BY 1, 2, 3" >"$T/calls.$(basename "$db")"
done
[ "$(wc -l <"$T/calls.real.db")" -gt 40 ] || fail 'every call was made'
diff "$T/calls.sim.db" "$T/calls.real.db" >"$out" || fail 'every call ends alike with both'
run 0 --db "$real" server test "$(basename "$(ls "$estate"/dhcp-*.state | head -1)" .state)"
says 'Everything that is needed works.'
says ', edition Core'
says 'language mode: FullLanguage'
says 'clock: as this machine'
says 'modules: '
says 'DhcpServer 2'
says 'by its groups: unknown'
# Counters, asked for on demand: objects in objects, and lists of them, by both dialects.
dns=$(basename "$(ls "$estate"/dns-*.state | head -1)" .state)
run 0 --db "$real" server add plain-dns --role dns --transport command \
    --command "env BUILD=$BUILD sh $SOURCE/tests/winhost/winhost.sh --plain $estate $dns"
run 0 --db "$real" server set plain-dns dialect=plain
run 0 --db "$real" server statistics "$dns" plain-dns --format tsv
[ "$(grep -c 'dns-statistics	.*[A-Za-z]	[0-9]' "$out")" -gt 100 ] || fail 'the real engine gives the counters'
grep -q 'ErrorStatistics.ServFail	[1-9]' "$out" || fail 'and they count'
run 0 --db "$real" server statistics --zone corp.example.com "$dns" plain-dns --format tsv
[ "$(grep -c 'ZoneQueryStatistics.QueriesReceived	[1-9]' "$out")" = 2 ] || fail 'of a zone, summed up over types of records'
