#!/bin/sh
# The panes as they look, on the two sizes that matter most, and the way from one to another and back.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
learnt "$db"

screen_start 80x24 --db "$db" --offline --pane servers
screen_wait 'Reach'
screen_keys p p
screen_gone 'bigger'
screen_is servers-80x24
screen_keys p 2
screen_wait 'Excluded'
screen_is scopes-80x24

# Down the path and back, with filter and cursor as they were.
screen_keys 1
screen_wait '[1 Servers]'
screen_keys j
screen_wait '>  dhcp-lon-01'
second=dhcp-lon-01
screen_keys Enter
screen_wait "Servers › $second › Scopes"
screen_keys j j Enter
screen_wait '[Exclusions]'
screen_keys q
screen_wait "$second › Scopes"
screen_keys q
screen_wait "[1 Servers]"
screen_wait ">  $second"
screen_keys M-Right
screen_wait "$second › Scopes"
screen_keys g v
screen_wait "[1 Servers]"
screen_wait ">  $second"
screen_keys -
screen_wait "$second › Scopes"
for _ in 1 2 3 4 5 6 7; do screen_keys Escape; done
screen_wait '(Q quits)'
screen_keys Q
screen_ends 0

screen_scopes 200x50 --fresh
screen_is scopes-200x50
screen_keys z
screen_gone 'Lease Used%'
screen_keys z
screen_wait 'Lease Used%'
screen_keys F10
screen_ends 0
