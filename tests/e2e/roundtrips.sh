#!/bin/sh
# All of a server with 1,000 scopes or 500 zones costs as many pipelines as of one with three: one for all rows of a kind, none per row.
. "$(dirname "$0")/../lib/run.sh"
db=$T/r.db
"$SIMHOST" make "$T/small" --servers 1 --role both --scopes 3 --zones 5 --zone-copies 1 --seed 2 --clean --log >/dev/null
"$SIMHOST" make "$T/large" --servers 1 --role both --scopes 1000 --zones 500 --zone-copies 1 --seed 3 --clean --log >/dev/null
for size in small large; do
    sed "s/^dc-/$size-/" "$T/$size/servers.csv" >"$T/$size.csv"
    run 0 --db "$db" server import "$T/$size.csv"
done
run 0 --db "$db" retrieve
run 0 --db "$db" list scopes server:large-* dynamic_updates:* in_use\>=0 --columns scope --format csv
lines 1001
run 0 --db "$db" list scopes6 server:large-* --columns scope,in_use --format csv
[ "$(wc -l <"$out")" -gt 100 ] || fail 'there are IPv6 scopes'
run 0 --db "$db" list zoneservers server:large-* soa_serial\>0 --columns zone --format csv
[ "$(wc -l <"$out")" -gt 400 ] || fail 'zones have their serials'
small=$(wc -l <"$(ls "$T"/small/*.calls)") large=$(wc -l <"$(ls "$T"/large/*.calls)")
[ "$small" -gt 5 ] && [ "$large" = "$small" ] && [ "$large" -lt 25 ] || fail "as many pipelines for 1,000 scopes as for 3, and few ($large, $small)"
# Sent once: no cmdlet twice with the same arguments.
[ "$(cut -d' ' -f3- "$(ls "$T"/large/*.calls)" | sort | uniq -d | wc -l)" = 0 ] || fail 'nothing is asked twice'
