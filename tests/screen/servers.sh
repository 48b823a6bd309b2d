#!/bin/sh
# Our own list of servers by keys: added, changed, removed; refused with --read-only.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
screen_start 80x24 --db "$db" --offline
screen_wait 'No servers yet'
screen_keys a
screen_wait ':server-add'
screen_keys 'lon-1 role=dhcp address=lon-1.example' Enter
screen_wait 'lon-1 added'
screen_wait '>  lon-1'
screen_wait 'never'
screen_keys a 'lon-1 role=dhcp' Enter
screen_wait 'lon-1'
screen_keys F7 'lon-2 role=dns,dhcp' Enter
screen_wait 'lon-2 added'
screen_wait 'dhcp,dns' # its row is there
screen_keys A e
screen_wait ':server-set'
screen_keys 'group=lab' Enter
screen_wait '2 servers changed'
screen_keys / group:lab Enter
screen_wait '2 marked'
screen_keys U g g d d
screen_wait 'Remove 1 server from the list'
screen_keys Enter # Cancel has the focus
screen_gone 'Remove 1 server'
screen_keys F8
screen_wait 'Remove 1 server from the list'
screen_keys r
screen_wait '1 server removed'
screen_gone '>  lon-1'
screen_keys Q
screen_ends 0
run 0 --db "$db" list servers --columns server,group --format tsv
is 'server	group
lon-2	lab'
screen_start 80x24 --db "$db" --offline --read-only
screen_wait 'read-only'
screen_keys F8
screen_wait 'the console runs with --read-only'
screen_keys Q
screen_ends 0
