#!/bin/sh
# The jobs: the start's round is there with what failed; Enter says which servers and why, and leads to the server; one that hangs runs
# until it is stopped. Drawn without colours, too.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
estate_with_failures "$db"
unset IPAMTUI_NOW
SCREEN_ENV='NO_COLOR=1'
mkdir -p "$HOME/.config/ipamtui"
echo 'start = "job";' >"$HOME/.config/ipamtui/ipamtui.conf"
screen_start 80x24 --db "$db"
screen_ends 1
grep -q 'start in ipamtui.conf: there is no pane "job"; there are overview, servers,' "$err" || fail 'it says which panes there are'
echo 'start = "jobs";' >"$HOME/.config/ipamtui/ipamtui.conf"
screen_start 80x24 --db "$db"
screen_wait '[6 Jobs]' # what the console opens on
screen_wait 'Retrieved 4 of 6 servers'
screen_keys Q
screen_ends 0
rm "$HOME/.config/ipamtui/ipamtui.conf"
screen_start 80x24 --db "$db" --pane servers
screen_wait 'Retrieved 4 of 6 servers'
# Typed at once: Enter is for the job, though it has not been drawn yet.
screen_tmux send-keys 6 Enter
screen_wait '! broken: '
screen_has 'there is no job yet' && screen_fail 'the job is there before it is drawn'
screen_keys Enter
screen_gone '! broken: '
screen_has '[6 Jobs]' || screen_fail 'the jobs are shown'
screen_now | grep -qE '^ >! +1 done +[0-9.]+ s +4 of 6 +2 start ' || screen_fail 'the job of the start is done, with 2 of 6 failed'
screen_has 'not PowerShell remoting' && screen_fail 'why is not said before it is asked for'
screen_keys Enter
screen_wait '! broken: '
screen_wait 'not PowerShell remoting'
screen_wait '! gone: '
screen_keys j
screen_match '>! [a-z]+: '
first=$(screen_now | sed -n 's/.*>! \([a-z]*\): .*/\1/p')
[ -n "$first" ] || screen_fail 'the cursor stands on a failed server'
screen_keys Enter
screen_wait '[1 Servers]'
screen_wait "/server:\"$first\""
screen_wait '1 of 6'
screen_keys q
screen_wait '[6 Jobs]'
screen_wait '! gone: '
# A server that another process has removed meanwhile is said to be gone.
run 0 --db "$db" server remove "$first"
screen_keys Enter
screen_wait "$first is not among the servers any more"
screen_has '[6 Jobs]' || screen_fail 'no list is opened that has nothing in it'
screen_keys k Enter
screen_gone '! gone: '
screen_keys x
screen_wait 'this job is over'

# One that hangs: it runs, its time goes on, x stops it.
run 0 --db "$db" server add slow --role dhcp --address slow --transport command --command 'sleep 60'
screen_keys R
screen_wait ' running, '
screen_keys g g
screen_wait '1 running, 0 waiting'
screen_now | grep -qE '^ >\* +2 running .* asked ' || screen_fail 'the new job is the first one and runs'
screen_keys x
screen_wait 'Stopped after'
screen_now | grep -qE '^ >- +2 stopped ' || screen_fail 'it says that it was stopped'
screen_resize 200x50
screen_wait ' 0 Overview '
screen_has '[6 Jobs]' || screen_fail 'the bar has the jobs'
screen_keys /
screen_wait 'Jobs is no list of rows'
screen_keys Q
screen_ends 0
