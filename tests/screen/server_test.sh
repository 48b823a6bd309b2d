#!/bin/sh
# t in Servers: the marked ones are reached step by step; what is said is shown, and narrowed by typing.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/test.db
"$SIMHOST" make "$T/estate" --servers 2 --scopes 4 --seed 3 --even >/dev/null
run 0 --db "$db" server import "$T/estate/servers.csv"
run 0 --db "$db" server add nowhere --role dhcp --transport command --command 'false'
screen_start 80x24 --db "$db" --offline --pane servers
screen_wait 'nowhere'
screen_keys g g t
screen_wait '1 server tested: all is well'
screen_match 'ok +dialect: psrp, the remoting protocol +[0-9.]+ ms' # a step with its time in one line
screen_keys Escape A t
screen_wait '3 servers tested; what is not well is in the list'
screen_keys 'FAILED'
screen_wait 'FAILED  '
screen_gone 'dialect: psrp'
screen_keys Escape Escape Q
screen_ends 0
# One that never answers is not waited for: C-c stops the test, which shows what it has found until then.
run 0 --db "$db" server add silent --role dhcp --transport command --command "sh -c 'touch $T/asked; cat >/dev/null'"
screen_start 100x30 --db "$db" --offline --pane servers --filter 'server:silent'
screen_wait '>  silent'
screen_keys t
screen_wait 'Testing 1 server, step by step'
for _ in $(seq 200); do [ -e "$T/asked" ] && break; sleep 0.05; done
screen_keys C-c
screen_wait 'The server test was stopped'
screen_wait 'silent: command to sh'
# A program is stopped before what is being retrieved, as the strip says.
screen_keys Escape ':' retrieve Enter
screen_wait 'Retrieving 0/1'
screen_keys '|' 'sleep 33' Enter
screen_wait '1 program runs (C-c stops) | Retrieving 0/1'
screen_keys C-c
screen_wait 'Stopped: sleep 33'
screen_has 'Retrieving 0/1' || screen_fail 'it goes on'
screen_keys C-c
screen_wait 'Stopped after 0 of 1 server'
screen_keys Q
screen_ends 0
