#!/bin/sh
# `server statistics`: counters of DNS and DHCP servers, asked for now, in parallel, and kept nowhere; what older ones lack; what fails.
. "$(dirname "$0")/../lib/run.sh"
estate=$T/estate
db=$T/s.db
"$SIMHOST" make "$estate" --servers 6 --role both --scopes 30 --zones 12 --seed 5 --clean --log >/dev/null
names=$(ls "$estate"/*.state | xargs -n1 basename | sed 's/\.state$//')
set -- $names
for name; do
    "$SIMHOST" set "$estate" "$name" host OS 10.0.20348.2110
done
run 0 --db "$db" server import "$estate/servers.csv"
run 2 --db "$db" server statistics
tells 'name servers'
run 2 --db "$db" server statistics --format xml "$1"
run 0 --db "$db" server statistics nobody-01
tells 'no server matches'

# People see a block a server and kind, with rates; a name means that server alone.
run 0 --db "$db" server statistics "$1"
says "$1: DNS server"
says "$1: DHCP server"
says 'UDP queries received'
grep -Eq "^  Answered SERVFAIL +[0-9,]+ +[0-9.]+/[shd]  $1\$" "$out" || fail 'a counter, and its rate'
grep -Eq '^  Service started +20[0-9-]+ [0-9:]+ +.* ago ' "$out" || fail 'since when'
run 0 --db "$db" server statistics "$1" "$2" "$1"
[ "$(grep -c ': DNS server' "$out")" = 2 ] || fail 'one that is named twice is asked once, and has answered'
# All at once: each takes two seconds, all of them well below the twelve that they would take one after the other.
latency() {
    for name in "$estate"/*.state; do
        "$SIMHOST" set "$estate" "$(basename "$name" .state)" host LatencyMs "$1"
    done
}
latency 2000
before=$(date +%s)
run 0 --db "$db" server statistics 'role:dns' --format json
took=$(($(date +%s) - before))
[ $took -lt 8 ] || fail "in parallel: it took $took s"
[ $took -ge 2 ] || fail "each takes its time: it took $took s"
latency 0
python3 - "$out" <<'CHECK' || fail 'JSON is named and nested as Windows does it, and every counter is there'
import json, sys
answers = json.load(open(sys.argv[1]))
assert len(answers) == 12, len(answers)
for a in answers:
    assert a["result"] == "done" and a["error"] is None and a["counted_s"] > 0, a
    missing = [g + "." + c for g, v in a.items() if isinstance(v, dict) for c, n in v.items() if n is None]
    assert [m for m in missing if m != "TimeStatistics.LastClearTime"] == [], missing
dns = [a for a in answers if a["statistics"] == "dns-statistics"]
assert len(dns) == 6 and all(a["Query2Statistics"]["TotalQueries"] >= a["QueryStatistics"]["UdpQueries"] > 0 for a in dns)
assert len({a["ErrorStatistics"]["NxDomain"] for a in dns}) == 6
dhcp = [a for a in answers if a["statistics"] == "dhcp-statistics"]
assert len(dhcp) == 6 and all(a["TotalAddresses"] == a["AddressesInUse"] + a["AddressesAvailable"] for a in dhcp)
CHECK
run 0 --db "$db" server statistics "$1" --format csv
says 'server,zone,statistics,counter,value,per_hour,counted_s,result,error'
says "$1,,dns-statistics,MasterStatistics.AxfrSuccess,"
# Nothing of it was kept, and nothing else was asked.
run 0 --db "$db" server show "$1" --format json
says '"reachable":null'
[ "$(cat "$estate/$1.calls" | cut -d' ' -f3 | sort -u | paste -sd' ')" = 'Get-DhcpServerv4Statistics Get-DnsServerStatistics' ] || fail 'only what was asked for'

# Of a zone: where the server names are given, and where they are looked up; one that is not there.
run 0 --db "$db" server statistics --zone corp.example.com "$2"
says "$2: zone corp.example.com"
says 'Queries for unknown names'
run 0 --db "$db" server statistics --zone CORP.example.com
tells 'no server is known to have the zone'
run 0 --db "$db" retrieve --what dns
run 0 --db "$db" server statistics --zone CORP.example.com --format tsv
[ "$(grep -c 'ZoneQueryStatistics.QueriesReceived	[0-9]' "$out")" -gt 1 ] || fail 'of all servers that have it'
run 3 --db "$db" server statistics --zone nobody.example "$1"
says 'no such zone'
grep -q 'Get-DnsServerStatistics .*-ZoneName' "$estate/$2.calls" || fail 'asked by the name of the zone'
grep -q -- '-Clear' "$estate"/*.calls && fail 'nothing is cleared'

# Older servers: no rate limiting before 2016, no counters of zones in 2012, no module in 2008 R2. None of it is a failure.
"$SIMHOST" set "$estate" "$3" host OS 6.3.9600.21620
run 0 --db "$db" server statistics "$3"
grep -Eq '^  Rate limit: dropped +not offered by this server' "$out" || fail 'what it lacks is told'
run 0 --db "$db" server statistics "$3" --format json
says '"RRLStatistics":{"TotalResponsesDropped":null,"TotalResponsesTruncated":null}'
"$SIMHOST" set "$estate" "$3" host OS 6.2.9200.24000
run 0 --db "$db" server statistics --zone corp.example.com "$3"
says "$3: zone corp.example.com: not offered by this server"
"$SIMHOST" fault "$estate" "$3" no-module
run 0 --db "$db" server statistics "$3" --format csv
says "$3,,dns-statistics,,,,,not offered,"

# What fails is told for its server, the others answer.
"$SIMHOST" fault "$estate" "$4" denied
"$SIMHOST" fault "$estate" "$5" down
"$SIMHOST" fault "$estate" "$6" entities
run 3 --db "$db" server statistics "$1" "$3" "$4" "$5" "$6"
says "$1: DNS server"
says "$3: DNS server: not offered by this server"
grep -q "^$4: DNS server: FAILED: .*access denied" "$out" || fail 'a server that refuses'
grep -q "^$5: FAILED: " "$out" || fail 'a server that is not reached'
grep -q "^$6: DNS server: FAILED: " "$out" || fail 'a server that says something else'
run 3 --db "$db" server statistics "$5" --format json
says '"result":"failed"'
