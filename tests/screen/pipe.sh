#!/bin/sh
# |: the rows shown or marked go to a shell command; its output, its complaints, its status are shown; nothing breaks.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
learnt "$db"
screen_start 110x24 --db "$db" --offline --pane scopes
screen_wait 'Excluded'
screen_keys '|'
screen_wait '60 scopes to:'
screen_keys "tee '$T/rows' | wc -l" Enter
screen_wait '60 scopes went to'
screen_now | grep -q '│ 61 ' || screen_fail 'a heading and 60 rows have been counted'
[ "$(head -1 "$T/rows" | cut -f 1,2)" = "$(printf 'scope\tname')" ] || fail 'the columns shown, tab-separated, under their names'
[ "$(awk -F'\t' '{ print NF }' "$T/rows" | sort -u | wc -l)" = 1 ] || fail 'as many cells in each row'
screen_keys Escape Space Space ':' "pipe cut -f 1 > '$T/two'" Enter
screen_wait '2 scopes went to'
screen_wait 'which said nothing'
[ "$(wc -l <"$T/two")" = 3 ] || fail 'only the marked rows'
screen_keys U '|' "printf 'a\\tb\\n\\033[31mred'; echo complaint >&2; exit 3" Enter
screen_wait 'ended with status 3'
screen_wait 'complaint'
screen_wait 'a       b'
screen_wait '^[[31mred'
screen_keys red
screen_gone 'a       b'
screen_keys Escape '|' 'no-such-program' Enter
screen_wait 'ended with status 127'
screen_wait 'no-such-program: not found'
screen_keys Escape '|' Up # what was typed is in the history
screen_wait 'to: no-such-program'
screen_keys C-u 'kill -9 $$' Enter
screen_wait 'ended by signal 9'
screen_keys '|' 'exit 0' Enter # reads none of its input
screen_wait 'exit 0, which said nothing'
screen_keys '|' 'seq 30000' Enter
screen_wait '│ 10  '
screen_keys End
screen_wait '... (what follows is left out)'
screen_keys Escape Q
screen_ends 0
