#!/bin/sh
# |: the rows shown or marked go to a shell command; its output, its complaints, its status are shown; nothing breaks.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
learnt "$db"
screen_scopes 110x24
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
screen_keys '|' 'seq 100000' Enter # as many lines as there are, however few of them are looked for
screen_wait '│ 10  '
screen_keys 99998
screen_wait '│ 99998 '
screen_gone '│ 10  '
screen_keys Escape '|' "seq 10; yes '' | head -n 300000" Enter
screen_wait '│ 10  '
screen_has '(not all of it)' || screen_fail 'the title says that it is cut'
screen_keys End
screen_wait '... (what follows is left out)'
# What comes after the first MiB is not kept, and that is said.
screen_keys Escape '|' "head -c 1100000 /dev/zero | tr '\\0' x | fold -w 90" Enter
screen_wait '│ xxxxx'
screen_has '(not all of it)' || screen_fail 'the title says that it is cut'
screen_keys End
screen_wait '... (what follows is left out)'
# A long line goes on as far in as it began.
screen_keys Escape '|' "printf '    %0150d\\n' 7 | tr 0 'z'" Enter
screen_wait '│     zzzzz'
screen_now | grep -q '│     z*7 ' || screen_fail 'what is left of the line is as far in'
# What comes while something is typed waits below it, and takes no keys.
screen_keys Escape '|' "while [ ! -e '$T/on' ]; do sleep 0.05; done; echo now" Enter
screen_wait '1 program runs (C-c stops)'
screen_keys j ':' 'sort na'
screen_wait ':sort na'
: >"$T/on"
screen_wait '│ now'
screen_keys 'me'
screen_wait ':sort name'
screen_keys Escape
screen_gone ':sort name'
screen_wait '│ now'
screen_gone 'program runs'
# One that takes long is stopped, with what it has said until then; an export does not wait for it.
screen_keys Escape '|' "echo 'as far as'  this; sleep 30" Enter
screen_wait 'Running echo'
screen_keys ':' "export $T/meanwhile.csv" Enter
screen_wait "rows written to $T/meanwhile.csv"
screen_keys C-c
screen_wait "Stopped: echo 'as far as'"
screen_wait '│ as far as this'
screen_keys Escape C-c
screen_wait 'Nothing is going on'
# The one that waits for the first goes with it; the next is not stopped by what stopped those.
screen_keys '|' "sleep 31" Enter
screen_wait 'Running sleep 31'
screen_keys '|' "touch '$T/waited'" Enter
screen_wait 'Running touch'
screen_keys C-c
screen_wait "Stopped: touch"
[ ! -e "$T/waited" ] || fail 'what waited has not been begun'
screen_keys '|' 'wc -l' Enter
screen_wait '│ 61 '
# Leaving does not wait for it, and leaves nothing behind.
screen_keys Escape '|' "echo \$\$ >'$T/pid'; echo said; sleep 32" Enter
screen_wait 'Running echo'
for _ in $(seq 100); do [ -s "$T/pid" ] && break; sleep 0.05; done
before=$(date +%s%3N)
screen_keys Q
screen_wait 'ended with'
[ $(($(date +%s%3N) - before)) -lt 2000 ] || fail 'leaving waited for a program'
! kill -0 "$(cat "$T/pid")" 2>/dev/null || fail 'the program is still there'
screen_ends 0
