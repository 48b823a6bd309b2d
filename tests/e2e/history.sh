#!/bin/sh
# How full scopes are over time: samples, trend, thresholds of one scope.
. "$(dirname "$0")/../lib/run.sh"
estate=$T/estate
db=$T/history.db
estate "$estate" 1 6 1 "$db"
run 0 --db "$db" retrieve --what dhcp
server=$("$IPAMTUI" --db "$db" list servers --columns server --format tsv | sed -n 2p)
scope=$("$IPAMTUI" --db "$db" list scopes 'prefix=24' --columns scope --format tsv | sed -n 2p)

prefix=$("$IPAMTUI" --db "$db" list scopes6 --columns scope --format tsv | sed -n 2p)

# A scope of each family that grows by four addresses a day; the last round comes from a clock that went back.
now=$(($(date +%s) + 86400))
for day in 0 1 2 3 4 5 6 7; do
    "$SIMHOST" set "$estate" "$server" "$scope" InUse $((20 + 4 * day)) >/dev/null 2>&1 || true
    "$SIMHOST" set "$estate" "$server" "DhcpServerv6Scope:$prefix" InUse $((300 + 10 * day))
    IPAMTUI_NOW=$((now + day * 86400)) "$IPAMTUI" --db "$db" retrieve --what utilization >"$out" 2>"$err" || fail 'it is retrieved'
done
run 0 --db "$db" list scopes "scope:$scope" --columns scope,in_use,per_week,full_in,since --format csv
grep -Eq "^$scope,[0-9]+,2[0-9],[0-9]+," "$out" || fail "a trend of about 28 a week, full some day"
run 0 --db "$db" list scopes6 "scope:$prefix" --columns in_use,per_week,full_in --format csv
says '370,70,' # of 2^64 addresses none is missing soon
[ "$(sql "$db" "SELECT count(*) FROM scope6_history h JOIN scope6 s ON s.id = h.scope WHERE s.scope = '$prefix'")" = 8 ] ||
    fail 'a sample a day of the IPv6 scope'
IPAMTUI_NOW=$((now + 3 * 86400)) "$IPAMTUI" --db "$db" retrieve --what utilization >"$out" 2>"$err" || fail 'a clock that goes back does no harm'
future=$(sql "$db" "SELECT count(*) FROM (SELECT at FROM scope_history UNION ALL SELECT at FROM scope6_history) WHERE at > $now + 3 * 86400 + 3600")
[ "$future" = 0 ] || fail 'samples of the future are gone'

run 0 --db "$db" scope level "scope:$scope" --over 5 --under 1
run 0 --db "$db" list scopes "scope:$scope level:over" --columns scope,over,under --format tsv
says "$scope	5	1"
run 2 --db "$db" scope level "scope:$scope" --over 10 --under 50
tells 'over (10) may not be below under (50)'
for wrong in nonsense 0x50 nan 101 -1; do
    run 2 --db "$db" scope level "scope:$scope" --over "$wrong"
    tells "\"$wrong\" is no percentage between 0 and 100"
done
run 0 --db "$db" scope level "scope:$scope"
run 0 --db "$db" scope6 level "scope:$prefix" --over 0.5% --under 0.1
run 0 --db "$db" list scopes6 over=0.5 --columns scope,over,under --format tsv
lines 2
says "$prefix	0.5	0.1"
run 2 --db "$db" scope6 level "scope:$prefix" --over 10 --under 50
tells 'over (10) may not be below under (50)'
run 0 --db "$db" scope6 level "scope:$prefix"
run 0 --db "$db" list scopes6 over=0.5
lines 1
run 0 --db "$db" list scopes "scope:$scope" --columns over --format csv

# What was kept of scopes that are gone goes with the next round.
run 0 --db "$db" server remove "$server"
[ "$(sql "$db" 'SELECT count(*) > 0 FROM scope_history')" = 1 ] || fail 'there are samples of scopes that are gone'
run 0 --db "$db" server import "$estate/servers.csv"
run 0 --db "$db" retrieve --what dhcp,utilization
[ "$(sql "$db" 'SELECT count(*) FROM scope_history WHERE scope NOT IN (SELECT id FROM scope)')" = 0 ] || fail 'none of scopes that are gone'
[ "$(sql "$db" 'SELECT count(*) FROM scope6_history WHERE scope NOT IN (SELECT id FROM scope6)')" = 0 ] || fail 'nor of IPv6 scopes'
[ "$(sql "$db" 'SELECT count(*) > 0 FROM scope_history')" = 1 ] || fail 'those of scopes that are there stay'
