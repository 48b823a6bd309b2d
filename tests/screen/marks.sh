#!/bin/sh
# Marks: by key, range, query, all, inverted; hidden ones never act out of sight.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
learnt "$db"
screen_scopes 80x24
screen_keys Space Space
screen_wait '2 marked'
screen_keys v j j
screen_wait 'range'
screen_keys v
screen_wait '5 marked'
screen_keys S-Down S-Down j
screen_wait '7 marked'
screen_keys '*'
screen_wait '53 marked'
screen_keys U
screen_gone 'marked'
screen_keys A
screen_wait '60 marked'
screen_keys '\'
screen_wait 'Unmark:'
screen_keys 'name:*voice*' Enter
screen_wait 'scopes unmarked'
screen_keys U + 'name:*voice*' Enter
screen_wait 'scopes marked'
marked=$(screen_row 2 | sed 's/.* \([0-9]*\) marked.*/\1/')
screen_keys M
screen_wait "only marked   $marked of 60"
screen_keys M / 'name:*guest*' Enter
screen_wait "$marked marked ($marked hidden)"
screen_keys U
screen_gone 'marked'
screen_keys Space / BSpace BSpace
screen_keys C-u 'name:*data*' Enter
screen_wait '1 marked (1 hidden)'
screen_keys Space R
screen_wait 'Hidden marks'
screen_wait '[ All 2 ]  [ Only the 1 shown ]  [ Cancel ]'
screen_keys Enter
screen_gone 'Hidden marks'
screen_keys Q
screen_ends 0
