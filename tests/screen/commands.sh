#!/bin/sh
# Help, menu, command line, export, copy: everything reachable, searchable, with its key beside it.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
learnt "$db"
cd "$T"
screen_scopes 80x24
screen_keys '?'
screen_wait 'Help: Scopes'
screen_keys invert
screen_wait 'mark-invert'
screen_keys Enter
screen_wait '60 marked'
screen_keys U '?' '@C-'
screen_wait 'half-page-down'
screen_gone 'mark-all'
screen_keys Escape F9
screen_wait 'Console'
screen_keys Right Right
screen_wait 'mark-toggle'
screen_keys Escape g
screen_wait 'Go to the server of this row' # the box of what may follow comes by itself
screen_keys Escape
screen_gone 'Go to the server of this row'
screen_keys ':' mrkinv
screen_wait 'mark-invert'
screen_keys Tab Enter
screen_wait '60 marked'
screen_keys U ':' 'describe-key g s' Enter
screen_wait 'runs "go-scopes"'
screen_keys ':' 'exprot' Enter
screen_wait 'did you mean export?'
screen_keys ':' Up
screen_wait ':exprot'
screen_keys Escape
# Export: the name is asked for and completed; nothing is overwritten unasked.
screen_keys E
screen_wait 'Export 60 scopes to'
screen_keys C-u "$T/out.csv" Enter
screen_wait '60 rows written to'
[ "$(wc -l <"$T/out.csv")" = 61 ] || screen_fail 'the file has all rows and a head'
IPAMTUI_NOW=$IPAMTUI_NOW run 0 --db "$db" list scopes --columns scope,name,server,lease_duration,util,free,level,seen --format csv
cmp -s "$out" "$T/out.csv" || screen_fail 'the same bytes as the subcommand'
screen_keys E C-u "$T/o" Tab
screen_wait 'out.csv'
screen_keys Enter
screen_wait 'is there already'
screen_keys Escape
screen_gone 'is there already'
screen_keys y c
screen_wait 'Copied 10.'
screen_keys y :
screen_wait 'Copied ipamtui list scopes'
screen_keys y t
screen_wait 'Copied 60 scopes'
screen_keys @
screen_wait 'Messages, newest first'
screen_wait '60 rows written'
screen_keys Escape '%'
screen_wait 'no command has this key here'
screen_keys Q
screen_ends 0
