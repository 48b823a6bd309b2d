#!/bin/sh
# The overview: each count opens a list of just so many rows, and back leads to it again; it is drawn without colours, too.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
"$SIMHOST" make "$T/estate" --servers 12 --scopes 200 --zones 80 --seed 3 >/dev/null
run 0 --db "$db" server import "$T/estate/servers.csv"
"$IPAMTUI" --db "$db" retrieve >"$out" 2>"$err" || true
mkdir -p "$HOME/.config/ipamtui"
echo 'start = "overview";' >"$HOME/.config/ipamtui/ipamtui.conf"
SCREEN_ENV='NO_COLOR=1'
screen_start 80x24 --db "$db" --offline
screen_wait '[0 Overview]'
screen_wait 'not well'
screen_wait 'Could not be verified'

# Spot by spot, down the counts: what the cursor stands on is the number of rows of the list behind it.
for _ in 1 2 3 4 5 6 7; do
    screen_match '>[!? ] *[0-9]+ '
    at=$(screen_now | grep -m 1 '>[!? ] *[0-9]')
    count=$(screen_now | sed -n 's/.*>[!? ] *\([0-9][0-9]*\) .*/\1/p' | head -1)
    [ -n "$count" ] || screen_fail 'the cursor stands on a count'
    screen_keys Enter
    screen_gone 'is anything wrong?'
    screen_match " › .*[^f] $count of [0-9]+\$" # so many rows are listed
    screen_keys q
    screen_wait 'Overview › is anything wrong?'
    screen_keys Tab
    screen_gone "$at"
done
screen_keys /
screen_wait 'Overview is no list of rows'
screen_keys Q
screen_ends 0
