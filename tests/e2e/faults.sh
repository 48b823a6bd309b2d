#!/bin/sh
# Hosts that answer nonsense, too much, half or nothing: a clear line on that server, the connection closed, the others
# undisturbed, and everything over within its limits.
. "$(dirname "$0")/../lib/run.sh"
estate=$T/estate
db=$estate/demo.db
printf 'call_timeout = "2s";\nconnect_timeout = "3s";\n' >"$T/conf"

estate "$estate" 20 200 5 "$db"
run 0 --db "$db" list servers role:dhcp --columns server --format tsv
dhcp=$(sed -n '2,$p' "$out")
run 0 --db "$db" --config "$T/conf" retrieve role:dhcp

# A kind for each of the first servers; the last two stay well.
kinds='down:gone_away hang garbage endless-line half-fragment huge-fragment entities bad-version'
set -- $dhcp
[ $# -ge 10 ] || { echo "too few DHCP servers: $#"; exit 1; }
for kind in $kinds; do
    "$SIMHOST" fault "$estate" "$1" "$kind"
    eval "server_$(echo "$kind" | tr -c 'a-z\n' _)=$1"
    shift
done
start=$(date +%s)
run 3 --db "$db" --config "$T/conf" retrieve role:dhcp
[ $(($(date +%s) - start)) -lt 40 ] || fail 'a round with dead hosts is over within its limits'
[ "$(grep -c ' failed ' "$out")" = 8 ] || fail 'eight servers failed'
for server in "$@"; do
    grep "^$server  *done " "$out" >/dev/null || fail "$server is not disturbed"
done
words() { grep "^$1  *failed .*$2" "$out" >/dev/null || fail "$1 says \"$2\""; }
words "$server_down_gone_away" 'gone_away'
words "$server_hang" 'no answer\|not answer\|within'
words "$server_garbage" 'first bytes were'
words "$server_huge_fragment" 'fragment'
words "$server_bad_version" 'version'
words "$server_half_fragment" 'cut off before its answer was whole'
words "$server_entities" 'document type\|DTD\|entit'
# What was known stays, marked as old.
run 0 --db "$db" list scopes --columns server --format tsv
tells 'scopes of 8 servers are missing or old'
run 0 --db "$db" list servers reachable:no --columns server --format tsv
[ "$(wc -l <"$out")" -ge 7 ] || fail 'those that could not be reached are known as such'

# Denied, no module and noise are not the same as unreachable.
set -- $dhcp
for server in $dhcp; do "$SIMHOST" fault "$estate" "$server" none; done
"$SIMHOST" fault "$estate" "$1" denied
"$SIMHOST" fault "$estate" "$2" no-module
"$SIMHOST" fault "$estate" "$3" noise
"$SIMHOST" fault "$estate" "$4" die-mid-answer
"$SIMHOST" fault "$estate" "$5" endless
run 3 --db "$db" --config "$T/conf" retrieve "server:$1 or server:$2 or server:$3 or server:$4 or server:$5"
grep "^$3  *done " "$out" >/dev/null || fail 'a banner before the protocol is no failure'
run 0 --db "$db" list servers "server:$1" --columns reachable --format tsv
is "$(printf 'reachable\nyes')"
run 3 --db "$db" --config "$T/conf" server test "$1" "$2"
says 'What to do:'
! pgrep -f "$SIMHOST serve $estate" >/dev/null || fail 'nothing is left running'
