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
screen_wait '[3 Zones]'
screen_wait 'updates '
screen_keys o 4
screen_wait '/family:reverse4'
screen_wait 'in-addr.arpa'
screen_keys o f
screen_wait '/family:forward'
screen_gone 'in-addr.arpa'
screen_keys / End ' cause:*event*' Enter
screen_match '/family:forward cause:\*event\* .* of 40$'
screen_keys o o
screen_wait '/cause:*event*'
# Quotes, parentheses and "or" are what they were.
screen_keys / C-u '(family:reverse4 or family:reverse6) "a b"' Enter
screen_wait 'No zone matches'
screen_keys o f
screen_wait '/family:forward (family:reverse4 or family:reverse6) "a b"'
screen_keys / C-u 'family:reverse4 or cause:*event*' Enter
screen_wait 'in-addr.arpa'
screen_keys o f
screen_wait '/family:forward (family:reverse4 or cause:*event*)'
screen_keys o o / C-u 'cause:*event*' Enter
screen_match '/cause:\*event\* .* of 40$'
screen_keys A x
screen_wait 'reset'
screen_wait 'No zone matches'
run 0 --db "$db" list zones 'cause:*event*' --columns zone --format tsv
lines 1
# The overview tells what changed of a zone from what changed of its copy on one server.
screen_keys 0
screen_match '^ *[^ ]+ +zone [^ ]+ health: warning -> ok'
screen_match '^ *[^ ]+ +d[a-z]+-[^ ]+ [^ ]+ health: warning -> ok'

# g z: the zone on each of its servers, and Enter from there the server; a zone has no one server to go to.
screen_keys 3 / C-u Enter
screen_gone '/cause'
screen_keys g v
screen_wait 'this zone has several servers: Enter lists them'
screen_keys g z
screen_wait '[Zones by server]'
screen_wait '/zone:"'
screen_keys Enter
screen_wait '[1 Servers]'
screen_keys g z
screen_wait '[Zones by server]'
screen_keys q g 6
screen_wait '[IPv6 scopes]'

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

# Names are shown safely, whatever is in them, and the row under the cursor can be gone on from.
"$SIMHOST" make "$T/odd" --servers 2 --role dns --zones 160 --seed 3 --clean >/dev/null
run 0 --db "$T/odd.db" server import "$T/odd/servers.csv"
run 0 --db "$T/odd.db" retrieve
screen_start 100x30 --db "$T/odd.db" --offline --pane zones --filter 'zone:b* or zone:esc*'
screen_wait 'back\slash.example.net'
screen_wait 'bücher.example.net'
screen_wait '[7mape.example.net'
screen_keys / C-u 'back' Enter
screen_wait '1 of '
screen_keys Enter
screen_wait '[Zones by server]'
screen_wait 'back\slash.example.net on dns-'
screen_keys Q
screen_ends 0
