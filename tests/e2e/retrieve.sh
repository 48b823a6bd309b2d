#!/bin/sh
# Retrieval from simulated hosts and the lists made of it; hosts that are down, slow, silent or talk nonsense stay apart.
. "$(dirname "$0")/../lib/run.sh"
estate=$T/estate
db=$estate/demo.db

estate "$estate" 8 100 3 "$db"
run 0 --db "$db" list scopes --columns server,scope --format csv
is "$(printf 'server,scope\r')"
tells 'no scopes are known'
tells 'never retrieved'

# Nothing is started for a query that chooses nothing.
run 0 --db "$db" retrieve server:nowhere
tells 'no server matches: server:nowhere'
run 2 --db "$db" retrieve '(server:x'
run 2 --db "$db" retrieve 'sever:x'
tells 'sever'

# Everybody well: plain lines in a pipe, one a server, and a summary.
run 0 --db "$db" retrieve
[ "$(grep -c ' done ' "$out")" = 8 ] || fail 'eight servers are done'
says '8 of 8 servers in'
run 0 --db "$db" list scopes --columns server --format tsv
silent
lines 101
run 0 --db "$db" list servers --columns server,reachable,dhcp_service --format csv role:dhcp
says_not ',no,'

# One at the end of its wire, one that is not there: the others are not disturbed, status 3, each with its own words.
first=$("$IPAMTUI" --db "$db" list servers role:dhcp --columns server --format tsv 2>/dev/null | sed -n 2p)
second=$("$IPAMTUI" --db "$db" list servers role:dhcp --columns server --format tsv 2>/dev/null | sed -n 3p)
run 0 --db "$db" server set "$first" "command=$T/nowhere"
run 0 --db "$db" server set "$second" "command=printf 'Welcome to the machine\n'"
run 3 --db "$db" retrieve
says '6 of 8 servers in'
says '2 failed'
grep "^$first  *failed" "$out" >/dev/null || fail 'the missing program is named'
grep "^$second  *failed .*Welcome" "$out" >/dev/null || fail 'first bytes that are no protocol are shown'
# What was known of them stays, and the list says that it is old and why.
run 0 --db "$db" list scopes --columns server --format tsv
lines 101
tells 'scopes of 2 servers are missing or old'
tells "$first:"
# Only of servers that are asked about.
run 0 --db "$db" list scopes "server:$second util>=0" --columns server --format tsv
tells 'scopes of 1 server are missing or old'
tells "$second:"
run 0 --db "$db" list servers "server:$first" --columns reachable,error --format csv
says 'no,'
run 3 --db "$db" server test "$first"
says 'FAILED'

# The steps of one that is well, for people and for programs.
well=$("$IPAMTUI" --db "$db" list servers role:dhcp --columns server --format tsv 2>/dev/null | sed -n 4p)
run 0 --db "$db" server test "$well"
says 'dialect: psrp'
says 'language mode: NoLanguage'
says 'may change DHCP, by its groups: unknown'
says 'clock: as this machine'
run 3 --db "$db" server test "$well" "$first" --format json
python3 - "$out" <<'END' || fail 'server test has its steps as json'
import json, sys
well, ill = json.load(open(sys.argv[1]))
assert well["failures"] == 0 and ill["failures"] > 0, (well, ill)
assert all(s["ms"] >= 0 and s["step"] for s in well["steps"] + ill["steps"])
assert [s["advice"] for s in ill["steps"] if s["result"] == "failed"], ill
END
run 2 --db "$db" server test "$well" --format csv

# The same bytes wherever they go, and machine formats keep their promises.
run 0 --db "$db" list scopes util\>=0 --sort -util,server,scope --limit 5 --format json
python3 - "$out" <<'END' || fail 'json has native types'
import json, re, sys
rows = json.load(open(sys.argv[1]))
assert len(rows) == 5, rows
utils = [r["util"] for r in rows]
assert utils == sorted(utils, reverse=True), utils
for r in rows:
    assert isinstance(r["lease_duration"], int) and isinstance(r["prefix"], int), r
    assert isinstance(r["util"], (int, float)) and isinstance(r["in_use"], int), r
    assert r["state"] in ("active", "inactive") and r["level"] in ("under", "optimal", "over"), r
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", r["seen"]), r
    assert re.fullmatch(r"[\d.]+", r["scope"]) and re.fullmatch(r"255\.[\d.]+", r["mask"]), r
for name in "server scope name description mask prefix start end state lease_duration delay superscope total in_use free reserved pending util level".split():
    assert name in rows[0], name
END
run 0 --db "$db" list scopes --format csv
python3 - "$out" <<'END' || fail 'csv is RFC 4180'
import csv, sys
text = open(sys.argv[1], newline="").read()
assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
rows = list(csv.reader(text.splitlines()))
assert len(rows) == 101 and len({len(r) for r in rows}) == 1
END
run 0 --db "$db" list exclusions --columns server,scope,start,end --format csv --limit 3
lines 4
run 0 --db "$db" list servers --format json --limit 1
for name in server address role transport reachable dhcp_service dns_service version last_seen error; do
    says "\"$name\":"
done

# Names that would drive a terminal or a spreadsheet: exported intact, defused, and in a table made visible.
third=$("$IPAMTUI" --db "$db" list servers role:dhcp --columns server --format tsv 2>/dev/null | sed -n 4p)
scope=$("$IPAMTUI" --db "$db" list scopes "server:$third" --columns scope --format tsv 2>/dev/null | sed -n 2p)
"$SIMHOST" set "$estate" "$third" "$scope" Name "$(printf '=1+1\033]0;owned\007')"
run 0 --db "$db" retrieve "server:$third" --what dhcp
run 0 --db "$db" list scopes "server:$third scope:$scope" --columns name --format csv
is "$(printf "name\r\n'=1+1\033]0;owned\007\r")"
run 0 --db "$db" list scopes "server:$third scope:$scope" --columns name --format csv --raw
is "$(printf 'name\r\n=1+1\033]0;owned\007\r')"
run 0 --db "$db" list scopes "server:$third scope:$scope" --columns name
says '^[]0;owned'

# Cancelled: the round ends, says so, and leaves nothing running.
"$SIMHOST" fault "$estate" "$third" hang
"$IPAMTUI" --db "$db" retrieve "server:$third" >"$out" 2>"$err" &
pid=$!
running() { pgrep -f "^$SIMHOST serve $estate" >/dev/null; }
for _ in $(seq 200); do
    running && break
    sleep 0.05
done
running || fail 'the host that hangs has been started'
kill -INT $pid
got=0
wait $pid || got=$?
[ $got = 3 ] || fail "a cancelled round ends with 3 (it did with $got)"
says 'cancelled'
! running || fail 'nothing is left running'
