#!/bin/sh
# The filter as it is typed: an error stands over its character and the last good list stays; & switches; find hides nothing.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
learnt "$db"
screen_scopes 80x24
screen_keys / v o i c e
screen_wait 'of 60'
screen_has 'Floor 1 Vo' || screen_fail 'the list follows the letters'
screen_gone 'Floor 1 Gu'
count=$(screen_row 2 | sed 's/.* \([0-9]* of 60\).*/\1/')
screen_keys ' ('
screen_wait '▼'
screen_has "$count" || screen_fail 'the last good list stays'
screen_keys 'util>0)'
screen_gone '▼'
screen_keys Enter
screen_wait 'Scopes › filtered   /voice (util>0)'
screen_keys '&'
screen_wait '(off: & on)'
screen_wait 'Floor 1 Gu'
screen_keys '&'
screen_gone '(off: & on)'
screen_gone 'Floor 1 Gu'
screen_keys / Escape
screen_wait 'Scopes › all'
screen_keys F3 guest Enter
screen_wait 'found (n, N)'
first=$(screen_now | grep '^>')
echo "$first" | grep -q ' Gu' || screen_fail 'the cursor is on a guest scope'
screen_keys n
screen_gone "$first"
screen_keys N
screen_wait "$first"
# Completion: a field's name, then its words.
screen_keys / sta Tab
screen_wait '/state:'
screen_keys ina Tab
screen_wait '/state:inactive'
screen_keys Enter
screen_wait 'inactive'
screen_keys Q
screen_ends 0

# A filter that is wrong from the start is said before anything opens, or shows at once.
screen_start 80x24 --db "$db" --offline --pane scopes --filter 'util>' --fresh
screen_wait 'value'
screen_keys Q
screen_ends 0
