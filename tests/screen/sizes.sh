#!/bin/sh
# Sizes, terminals without colours or UTF-8, names that are wide or hostile.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
learnt "$db"
screen_scopes 80x24
screen_keys j j j
screen_wait '>  10.0.14.0/24' # drawn, before it is remembered
at=$(screen_now | grep '^>')
screen_resize 140x40
screen_wait '│'
screen_wait "$(echo "$at" | cut -c1-20)"
screen_resize 50x10
screen_wait 'at least 60x12 is needed'
screen_keys d d A
screen_resize 60x12
screen_wait 'Scopes'
screen_has 'marked' && screen_fail 'keys pressed unseen do nothing'
screen_wait "$(echo "$at" | cut -c1-20)"
screen_is scopes-60x12
screen_keys Q
screen_ends 0

SCREEN_LOCALE=C
screen_scopes 80x24 --fresh
screen_is scopes-ascii-80x24
screen_now | LC_ALL=C grep -q '[^ -~]' && screen_fail 'nothing but ASCII'
screen_keys Q
screen_ends 0
SCREEN_LOCALE=C.UTF-8

SCREEN_TERM=vt100
screen_scopes 80x24 --fresh
screen_keys Q
screen_ends 0
SCREEN_TERM=screen-256color
SCREEN_ENV='NO_COLOR=1'
screen_scopes 80x24 --fresh
screen_tmux capture-pane -p -e | grep -q "$(printf '\033')\[3[0-7]m" && screen_fail 'no colours with NO_COLOR'
screen_keys Q
screen_ends 0
SCREEN_ENV=

# Wide, right-to-left and hostile names: shown safely, columns stay where they are.
run 0 --db "$db" server add 'x' --role dhcp
run 0 --db "$db" server set x "tags=$(printf 'evil\033]0;owned\007 \342\200\256abc')"
run 0 --db "$db" server set x 'group=漢字テスト'
screen_start 100x24 --db "$db" --offline --pane servers --fresh --filter 'server:x'
screen_wait '>  x'
screen_keys ':' 'columns server:8,tags:30,group:12,role' Enter
screen_wait 'evil^[]0;owned^G abc'
screen_wait '漢字テスト'
screen_row 4 | grep -q '漢字テスト   dhcp' || screen_fail 'the column after a wide one is in its place'
screen_keys Q
screen_ends 0
