#!/bin/sh
# A database that was moved to another machine works there, also when a change was under way; and a clock that goes back makes no
# negative ages, and no facts that are newer than now for ever.
. "$(dirname "$0")/../lib/run.sh"
estate=$T/estate
db=$T/here/a.db
mkdir "$T/here" "$T/there"
"$SIMHOST" make "$estate" --servers 2 --role both --scopes 12 --zones 8 --zone-copies 2 --seed 9 --clean --even >/dev/null
run 0 --db "$db" server import "$estate/servers.csv"
run 0 --db "$db" retrieve
server=$("$IPAMTUI" --db "$db" list servers --columns server --format tsv | sed -n 2p)

# Killed in the middle of a change, on a host that hangs by then.
"$SIMHOST" fault "$estate" "$server" hang-after:6
"$IPAMTUI" --db "$db" set scopes '' lease_duration=3d --yes >"$out" 2>"$err" </dev/null &
pid=$!
for _ in $(seq 200); do
    begun=$(sql "$db" "SELECT count(*) FROM change_step WHERE state <> 'planned'")
    [ "$begun" -gt 6 ] && break
    sleep 0.05
done
[ "$begun" -gt 6 ] || fail "the change is under way ($begun steps)"
kill -9 $pid
wait $pid 2>/dev/null || true
"$SIMHOST" fault "$estate" "$server" none
[ "$(sql "$db" "SELECT phase FROM change")" = running ] || fail 'a change is left open'

# Moved: the process that began it is not here and never will be; another home, another folder.
mv "$db"* "$T/there"
db=$T/there/a.db
sql "$db" "UPDATE change SET owner_host = 'old-bastion', owner_boot = '00000000-aaaa-bbbb-cccc-dddddddddddd', owner_space = 'pid:[1]'"
mkdir "$T/home2"
export HOME=$T/home2
run 0 --db "$db" list scopes --format csv
lines 13
run 0 --db "$db" change list
says interrupted
run 0 --db "$db" change settle
run 0 --db "$db" change list --format json
says '"phase":"ended"'
says '"open":0'
run 0 --db "$db" change retry 1 --yes
run 0 --db "$db" retrieve
run 0 --db "$db" list scopes lease_duration=3d --format csv
lines 13
run 0 --db "$db" change undo 1 --yes

# The clock goes back by a year.
now=$(date +%s)
back() { export IPAMTUI_NOW=$((now - 365 * 86400)); }
negative() { ! grep -Eq '(^|[^0-9A-Za-z-])-[0-9]+ ?(s|min|h|d)\b' "$out" || fail "no negative duration: $1"; }
sampled=$(sql "$db" 'SELECT count(*) FROM scope_history')
[ "$sampled" -gt 0 ] || fail 'there is a history'
back
for what in 'list servers' 'list scopes' 'list zones --columns zone,health,since' 'list zoneservers --columns zone,since,seen' 'change list' 'change show 1' \
    "server show $server"; do
    run 0 --db "$db" $what
    negative "$what"
done
"$IPAMTUI" --db "$db" status >"$out" 2>"$err" || true
negative status
run 0 --db "$db" list servers 'last_seen<2h' --columns server --format tsv
# It is verified again by the clock as it is now, and well known.
"$SIMHOST" set "$estate" "$server" ServiceController:DNS Status Paused
"$IPAMTUI" --db "$db" retrieve >"$out" 2>"$err" || true
run 0 --db "$db" list servers "server:$server" --columns dns_service,last_seen,since,since_at_least --format csv
grep -q "^paused,$(date -u -d "@$IPAMTUI_NOW" +%Y-%m)" "$out" || fail 'what was learnt now is of now'
negative 'after the round'
[ "$(sql "$db" "SELECT count(*) FROM scope_history WHERE at > $IPAMTUI_NOW + 3600")" = 0 ] || fail 'no sample is of the future'
"$IPAMTUI" --db "$db" status >"$out" 2>"$err" || true
negative 'status after the round'
[ "$(sql "$db" "SELECT at FROM state_change WHERE property = 'dns_service' AND after = 'paused'")" = "$IPAMTUI_NOW" ] ||
    fail 'the change of state is kept'
run 0 --db "$db" set scopes '' lease_duration=4d --yes
run 0 --db "$db" change list
negative 'a change made then'
