#!/bin/sh
# A plain word finds what the pane's columns show; hiding the column takes its rows away, showing it brings them back.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
learnt "$db"
hits=$("$IPAMTUI" --db "$db" list scopes 8d --columns scope,lease_duration --format tsv | sed 1d | wc -l)
[ "$hits" -gt 0 ] && [ "$hits" -lt 60 ] || fail 'some of the scopes have a lease of 8 days'
screen_scopes 80x24
screen_keys / 8 d
screen_wait "$hits of 60"
screen_keys Enter
screen_wait '/8d'
screen_now | grep '^.  ' | grep '10\.' | grep -qv '8d' && screen_fail 'every row shows 8d'
screen_keys ':' 'columns scope,name' Enter
screen_wait '0 of 60'
screen_keys ':' 'columns scope,name,lease_duration' Enter
screen_wait "$hits of 60"
# Numbers, percentages.
screen_keys ':' 'columns default' Enter
screen_wait 'Used%'
screen_keys / Escape
screen_wait 'Scopes › all'
screen_keys / '%'
screen_gone ' of 60 of'
percents=$("$IPAMTUI" --db "$db" list scopes % --columns util --format tsv | sed 1d | wc -l)
screen_wait "$percents of 60"
screen_keys Escape Q
screen_ends 0

# Times as the pane shows them: as ages first, then otherwise.
screen_start 80x24 --db "$db" --offline --pane servers --fresh
screen_wait 'Seen'
screen_keys / n o w Enter
screen_wait '/now'
screen_wait 'dhcp-fra-01'
screen_keys ':' dates Enter
screen_wait '0 of 8'
# "ok" and the step at which reaching it failed are what Reach shows, not yes and no.
sql "$db" "UPDATE server SET reachable = 'no', step = 'login' WHERE id = 1"
screen_keys ':' 'columns server,reachable' Enter
screen_keys ':' 'filter denied' Enter
screen_wait '1 of 8'
screen_wait 'denied'
screen_keys ':' 'filter ok' Enter
screen_wait '7 of 8'
screen_keys ':' 'filter yes' Enter
screen_wait '0 of 8'
screen_keys Q
screen_ends 0
