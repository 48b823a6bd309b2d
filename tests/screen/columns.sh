#!/bin/sh
# Sorting, columns, and that all of it is there the next time.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
learnt "$db"
screen_scopes 80x24
screen_keys s
screen_wait 'Sort by'
screen_keys e
screen_wait 'sort Used% ▼'
screen_keys g g
screen_keys S
screen_wait 'sort Used% ▲'
screen_keys '<'
screen_wait 'sort Lease'
screen_keys C
screen_wait 'Columns'
screen_keys j j Space
screen_wait '[ ] Server'
screen_keys k J
screen_keys Enter
screen_gone 'Columns'
screen_row 3 | grep -q 'Server' && screen_fail 'the column of servers is gone'
# "/" in the chooser narrows it: the box that is switched is the one that is shown, not its place in the whole list.
screen_keys C / supersc
screen_wait '/ supersc'
screen_wait '[ ] Superscope'
screen_gone '] Name '
screen_keys Space # still typed
screen_wait '/ supersc '
screen_keys BSpace Enter Space
screen_wait '[x] Superscope'
screen_keys J
screen_wait 'moved among all of them'
screen_keys Escape
screen_wait '[x] Name'
screen_keys Space # the current one is the same
screen_wait '[ ] Superscope'
screen_keys Space
screen_wait '[x] Superscope'
screen_keys C-c
screen_gone 'Space show'
screen_keys ':' 'columns superscope,scope' Enter
screen_wait '  Superscope'
screen_keys C / @Server Enter Space q
screen_gone 'Space show'
screen_row 3 | grep -q 'Superscope .*Scope .*Server' || screen_fail 'the server is shown again'
screen_keys C / @Superscope Enter Space / BSpace C-u @Server Enter Space q
screen_gone 'Space show'
screen_row 3 | grep -q 'Superscope\|Server' && screen_fail 'both are gone'
screen_keys ':' 'columns scope,name,lease_duration,util,free,level,seen' Enter
screen_keys ':' 'sort util- name' Enter
screen_wait 'sort Used% ▼, Name ▲'
screen_keys Q
screen_ends 0

screen_start 80x24 --db "$db" --offline
screen_wait '[2 Scopes]'
screen_wait 'sort Used% ▼, Name ▲'
screen_row 3 | grep -q 'Server' && screen_fail 'the columns are remembered'
screen_keys ':' 'columns name:30,scope,util' Enter
screen_wait 'FRA Floor 1 Cameras            10.0.20.0/23'
screen_keys ':' 'columns nonsense' Enter
screen_wait 'no such column'
screen_keys ':' 'columns default' Enter
screen_wait 'Server'
screen_keys Q
screen_ends 0
screen_start 80x24 --db "$db" --offline --fresh --pane scopes
screen_wait 'Scopes › all'
screen_has 'sort' && screen_fail '--fresh forgets the order'
screen_keys Q
screen_ends 0
