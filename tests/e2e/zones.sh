#!/bin/sh
# Zones of simulated DNS servers: retrieved, judged, summed up, reset; and `ipamtui status` with its exit statuses and formats.
. "$(dirname "$0")/../lib/run.sh"
estate=$T/estate
db=$T/zones.db
"$SIMHOST" make "$estate" --servers 4 --role dns --zones 60 --seed 3 --even >/dev/null
run 0 --db "$db" server import "$estate/servers.csv"
run 3 --db "$db" status # never asked
"$IPAMTUI" --db "$db" retrieve >"$out" 2>"$err" || true

run 0 --db "$db" list zones --columns zone,network,health --format tsv '2.1.10.in-addr.arpa OR 16.0.10.in-addr.arpa'
says '16.0.10.in-addr.arpa	10.0.16.0/24	ok'
run 0 --db "$db" list zoneservers 'type:secondary health:error' --columns zone,cause --format csv
says 'expired'
run 0 --db "$db" list zoneservers 'lag>0' --columns zone,lag,health,cause --format csv
says 'behind its primary'
run 0 --db "$db" list zones 'health:warning' --columns zone,cause --format csv
says 'paused'

# A paused zone that goes on is well again after the next round, and the change is kept.
zone=$("$IPAMTUI" --db "$db" list zoneservers 'paused:yes type:primary soa_error:*' --columns server,zone --format tsv | sed -n 2p)
server=${zone%	*} zone=${zone#*	}
"$SIMHOST" set "$estate" "$server" "DnsServerPrimaryZone:$zone" IsPaused false
"$IPAMTUI" --db "$db" retrieve --what dns >"$out" 2>"$err" || true
run 0 --db "$db" list zoneservers "server:$server zone:\"$zone\"" --columns zone,health --format tsv
says "$zone	ok"

run 4 --db "$db" status
says 'zones    health'
says "$zone health: error -> ok"
run 4 --db "$db" status --format json
python3 -c 'import json, sys; s = json.load(open(sys.argv[1])); assert s["exit_status"] == 4 and s["counts"] and s["changes"]' "$out" ||
    fail 'JSON'
run 4 --db "$db" status --format prometheus
says 'ipamtui_status 4'
run 2 --db "$db" status --format nonsense

# What a stopped DNS server was never seen to have is not made up from its event log, nor from errors that name the server;
# what it had is in error and makes its zones less than well.
"$SIMHOST" make "$T/stopped" --servers 2 --role dns --zones 20 --seed 3 --even --clean >/dev/null
run 0 --db "$T/stopped.db" server import "$T/stopped/servers.csv"
stopped=$(sed -n 2p "$T/stopped/servers.csv" | cut -d, -f1)
"$SIMHOST" set "$T/stopped" "$stopped" ServiceController:DNS Status Stopped
run 3 --db "$T/stopped.db" retrieve
run 0 --db "$T/stopped.db" list zoneservers "server:$stopped" --columns zone --format tsv
[ "$(wc -l <"$out")" -eq 1 ] || fail "no zone of a server that never listed any: $(cat "$out")"
"$SIMHOST" set "$T/stopped" "$stopped" ServiceController:DNS Status Running
run 0 --db "$T/stopped.db" retrieve
"$SIMHOST" set "$T/stopped" "$stopped" ServiceController:DNS Status Stopped
run 3 --db "$T/stopped.db" retrieve
run 0 --db "$T/stopped.db" list zoneservers "server:$stopped health:error cause:*stopped*" --columns zone --format tsv
[ "$(wc -l <"$out")" -gt 1 ] || fail 'its zones are in error'
sed 1d "$out" | sort >"$T/its"
run 0 --db "$T/stopped.db" list zones 'health:ok' --columns zone --format tsv
[ -z "$(sed 1d "$out" | sort | comm -12 - "$T/its")" ] || fail 'no zone is well with a server that is not'

# Events count until they are reset.
zone=$("$IPAMTUI" --db "$db" list zones 'cause:*event*' --columns zone --format tsv | sed -n 2p)
[ -n "$zone" ] || fail 'a zone has an event'
run 1 --db "$db" zone reset no.such.zone "$zone" # what there is is reset, what there is not is told
tells 'no.such.zone: no server has a zone of this name'
run 0 --db "$db" list zones "zone:\"$zone\"" --columns zone,health --format tsv
says "$zone	ok"

# All zones well and all verified: 0.
"$SIMHOST" make "$T/clean" --servers 2 --role dns --zones 10 --seed 3 --even --clean >/dev/null
run 0 --db "$T/clean.db" server import "$T/clean/servers.csv"
run 0 --db "$T/clean.db" retrieve
run 0 --db "$T/clean.db" status
# Event logs can be asked for alone.
run 0 --db "$T/clean.db" retrieve --what events
says 'answered in'
says_not 'not its role'

# Names that would drive a terminal or end a cell are exported as they are, and found by what they are.
"$SIMHOST" make "$T/odd" --servers 2 --role dns --zones 160 --seed 3 --clean >/dev/null
run 0 --db "$T/odd.db" server import "$T/odd/servers.csv"
run 0 --db "$T/odd.db" retrieve
run 0 --db "$T/odd.db" list zones --columns zone --format csv
python3 - "$out" <<'PYTHON' || fail 'odd names are intact'
import csv, sys
names = {row[0] for row in csv.reader(open(sys.argv[1], newline='', encoding='utf-8'))}
assert {'bücher.example.net', 'back\\slash.example.net', 'esc\x1b[7mape.example.net'} <= names, names
PYTHON
run 0 --db "$T/odd.db" list zones 'zone:"back\\slash.example.net"' --columns zone,health --format tsv
says 'back\\slash.example.net	ok'
