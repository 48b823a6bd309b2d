#!/bin/sh
# The real PowerShell engine answers what the simulator answers: the same estate retrieved from both gives the same lists.
. "$(dirname "$0")/../lib/run.sh"
[ -f "$BUILD/winhost/winhost.dll" ] || { echo "the real PowerShell engine is not built here (no dotnet)"; exit 77; }
estate=$T/estate
sim=$T/sim.db
real=$T/real.db

estate "$estate" 4 60 4 "$T/estate.db"
for state in "$estate"/*.state; do
    name=$(basename "$state" .state)
    # Objects with CIM metadata are rebuilt by a native library that only Windows has.
    "$SIMHOST" set "$estate" "$name" host Shape plain
    role=dhcp
    case $name in dns-*) role=dns ;; esac
    run 0 --db "$sim" server add "$name" --role $role --transport command --command "$SIMHOST serve $estate $name"
    run 0 --db "$real" server add "$name" --role $role --transport command \
        --command "env BUILD=$BUILD sh $SOURCE/tests/winhost/winhost.sh $estate $name"
done
run 0 --db "$sim" retrieve
run 0 --db "$real" retrieve
for list in scopes exclusions; do
    columns=$("$IPAMTUI" schema $list | awk '$2 != "time" && $1 != "since" { print $1 }' | paste -sd,)
    run 0 --db "$sim" list $list --columns "$columns" --format csv
    cp "$out" "$T/$list.sim"
    [ "$(wc -l <"$T/$list.sim")" -gt 40 ] || fail "$list are many"
    run 0 --db "$real" list $list --columns "$columns" --format csv
    cp "$out" "$T/$list.real"
    diff "$T/$list.sim" "$T/$list.real" >"$out" || fail "$list are the same from both"
done
facts=server,role,reachable,dhcp_service,dns_service,scope_count,util,conflict_attempts,policies,authorized
run 0 --db "$sim" list servers --columns $facts --format csv
cp "$out" "$T/servers.sim"
run 0 --db "$real" list servers --columns $facts --format csv
cmp -s "$out" "$T/servers.sim" || fail 'servers are the same from both'
run 0 --db "$real" server test "$(basename "$(ls "$estate"/dhcp-*.state | head -1)" .state)"
says 'Everything that is needed works.'
says 'language mode: FullLanguage'
says 'clock: as this machine'
says 'modules: '
says 'DhcpServer 2'
says 'by its groups: unknown'
