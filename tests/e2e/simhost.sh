#!/bin/sh
# The simulated estate by hand: made from a seed, changed behind the console's back, seen at the next retrieval; a call is
# written down once; a wrong word is refused.
. "$(dirname "$0")/../lib/run.sh"
estate=$T/estate
db=$T/sim.db

"$SIMHOST" make "$estate" --servers 4 --scopes 40 --seed 9 --clean --log
"$SIMHOST" make "$T/again" --servers 4 --scopes 40 --seed 9 --clean --log
# Times of zones are relative to now; everything else follows from the seed.
"$SIMHOST" dump "$estate" | grep -v '^DnsServer' >"$T/one"
"$SIMHOST" dump "$T/again" | grep -v '^DnsServer' >"$T/two"
cmp -s "$T/one" "$T/two" || fail 'the same seed makes the same estate'
[ "$(wc -l <"$estate/servers.csv")" = 5 ] || fail 'servers.csv has a line a server'

run 0 --db "$db" server import "$estate/servers.csv"
run 0 --db "$db" retrieve
run 0 --db "$db" list scopes --columns server,scope,lease_duration --format tsv
lines 41
# 172800 seconds, by a hand that is not ours.
"$SIMHOST" set "$estate" dhcp-lon-01 10.0.0.0 LeaseDuration 2d
run 0 --db "$db" retrieve server:dhcp-lon-01
run 0 --db "$db" list scopes 'server:dhcp-lon-01 scope:10.0.0.0' --columns scope,lease_duration --format csv
says '10.0.0.0,172800'
"$SIMHOST" remove "$estate" dhcp-lon-01 10.0.0.0
run 0 --db "$db" retrieve server:dhcp-lon-01
run 0 --db "$db" list scopes 'server:dhcp-lon-01 scope:10.0.0.0' --columns scope --format csv
says_not '10.0.0.0'
[ "$(grep -c 'Get-DhcpServerv4ScopeStatistics' "$estate/dhcp-lon-01.calls")" = 3 ] || fail 'three retrievals asked for statistics three times'

got=0
"$SIMHOST" fault "$estate" dhcp-lon-01 sulky 2>"$err" || got=$?
[ "$got" = 2 ] || fail 'an unknown fault is refused with 2'
tells 'is no kind of fault'
got=0
"$SIMHOST" set "$estate" dhcp-lon-01 10.99.0.0 Name x 2>"$err" || got=$?
[ "$got" = 1 ] || fail 'a scope that is not there is refused with 1'
got=0
"$SIMHOST" serve "$estate" nobody 2>"$err" </dev/null || got=$?
[ "$got" = 1 ] || fail 'a server that is not there is refused with 1'
tells 'no such server'
# Help is help, and an option is no folder.
(cd "$T" && "$SIMHOST" make --help) >"$out" || fail 'make --help is no error'
says 'simhost make DIR'
got=0
(cd "$T" && "$SIMHOST" make --servers 2) 2>"$err" || got=$?
[ "$got" = 2 ] || fail 'an option in the place of the folder is refused'
tells '--servers: the folder of the estate comes first'
[ ! -e "$T/--help" ] && [ ! -e "$T/--servers" ] || fail 'nothing was made'
# What is no number is none, not 0.
for wrong in '--servers x' '--servers 4x' '--scopes -1' '--zones 99999999999' '--seed one' '--latency-ms '; do
    got=0
    "$SIMHOST" make "$T/wrong" "${wrong%% *}" "${wrong#* }" 2>"$err" || got=$?
    [ "$got" = 2 ] || fail "make $wrong is refused"
    tells "${wrong%% *}: is no option of make, or its value is missing or wrong"
done
[ ! -e "$T/wrong" ] || fail 'nothing was made'
