#!/bin/sh
# Zones by keys: families, status reset; thresholds of scopes, their effect at once; choosing what to retrieve; the overview's counts.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/zones.db
"$SIMHOST" make "$T/estate" --servers 6 --scopes 20 --zones 40 --seed 3 --even >/dev/null
run 0 --db "$db" server import "$T/estate/servers.csv"
"$IPAMTUI" --db "$db" retrieve >"$out" 2>"$err" || true
warned=$("$IPAMTUI" --db "$db" list zones 'health:warning' --columns zone --format tsv | sed 1d | wc -l)
[ "$warned" -gt 0 ] || fail 'a zone is not well'

screen_start 100x30 --db "$db" --offline --pane overview
screen_wait "$warned warning"
screen_keys 3
screen_wait '[Zones]'
screen_keys o 4
screen_wait '/family:reverse4'
screen_wait 'in-addr.arpa'
screen_keys o f
screen_wait '/family:forward'
screen_gone 'in-addr.arpa'
screen_keys / End ' cause:*event*' Enter
screen_wait 'event'
screen_keys o o
screen_wait '/cause:*event*'
screen_keys A x
screen_wait 'reset'
screen_wait 'No zone matches'
run 0 --db "$db" list zones 'cause:*event*' --columns zone --format tsv
lines 1

# Enter: the zone on each of its servers, and from there the server.
screen_keys 3 / C-u Enter
screen_gone '/cause'
screen_keys Enter
screen_wait '[Zones by server]'
screen_wait '/zone:"'
screen_keys Enter
screen_wait '[1 Servers]'

# Thresholds: refused the wrong way round, else seen at once.
screen_keys 2
screen_wait '[2 Scopes]'
screen_keys : 'level 10 90' Enter
screen_wait 'over (10) may not be below under (90)'
screen_keys : 'level 100 99.5' Enter
screen_wait '1 scope: over above 100%, under below 99.5%'
run 0 --db "$db" list scopes 'under=99.5' --columns level --format tsv
lines 2
screen_keys : 'level default' Enter
screen_wait '(as for all)'

screen_keys r
screen_wait 'Retrieve server data: what?'
screen_keys Escape
screen_gone 'Retrieve server data: what?'
screen_keys Q
screen_ends 0
