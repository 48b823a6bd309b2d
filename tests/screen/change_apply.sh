#!/bin/sh
# A change at work, by keys: progress server by server, results as they come, stopped by hand and after failures, left while it runs,
# its terminal closed, its process killed; then what was done is retried and undone in part.
. "$(dirname "$0")/../lib/screen.sh"
. "$SOURCE/tests/lib/change_estate.sh"
unset IPAMTUI_NOW
change_estate 4 80 100
change() { stored change list --format json; }
console() { pgrep -f "^$IPAMTUI --db $db" || true; }
a=$(server 1) b=$(server 2)
size=${1:-80x24}

# plan DELAY: all scopes get this delay, and the plan is on the screen.
plan() {
    screen_wait 'Excluded'
    screen_keys A ':' "set delay $1" Enter
    screen_wait "planned for 80 of 80"
    screen_keys w
    screen_wait '80 changes on 80 targets, 4 servers'
}
apply() {
    screen_keys w
    screen_wait 'Type the number of objects (80)'
    screen_keys 80 Enter
}

# ---- progress: the whole, each server, what it does now, how long it will take; answers count before they are read back
"$SIMHOST" fault "$estate" "$b" denied-set
screen_scopes "$size"
plan 11
apply
screen_wait 'Applying ['
screen_wait 's left'
screen_wait "$a    running ["
screen_wait '(x stops), 0 of 4 servers done'
if [ "$size" = 80x24 ]; then
    screen_has '... of 4 servers: 4 running' || screen_fail 'servers that have no line are counted'
    screen_keys Enter
    screen_gone '... of 4 servers: ' # the preview alone has room for all
    screen_keys Escape
fi
# Leaving asks; the first answer that Enter gives is to stay.
screen_keys Q
screen_wait 'A change is at work'
screen_keys Enter
screen_gone 'A change is at work'
screen_wait 'Change 1: 60 done, 20 failed'
# The server's words, its error id, what to try.
screen_keys / ' state:failed' Enter
screen_wait 'Says     Access is denied'
screen_wait 'Error id WIN32 5'
screen_wait 'Try      access denied'
screen_keys Q
screen_ends 0

# ---- stopped by hand (x or C-c): what is in flight is settled, the rest is not sent
"$SIMHOST" fault "$estate" "$b" none
screen_scopes "$size"
plan 12
apply
screen_wait 'Applying ['
screen_keys C-z
screen_wait 'The change would stand still, too'
screen_has 'ended with' && screen_fail 'one C-z does not suspend a change at work'
screen_keys C-c
screen_wait 'Change 2: '
screen_wait ' skipped'
screen_has ' unknown' && screen_fail 'all is settled'
# Only what was not sent again.
screen_keys r
screen_wait 'retry of change 2'
screen_keys w
screen_wait 'Type the number of objects ('
screen_keys "$(screen_now | sed -n 's/.*Type the number of objects (\([0-9]*\)).*/\1/p')" Enter
screen_wait 'Applying ['
screen_keys C-z # said once for each change
screen_wait 'The change would stand still, too'
screen_keys x
screen_wait 'Change 3: '
screen_wait ' skipped'

# ---- stopped after K failures
screen_keys 2
plan 13
faults denied-set
screen_keys ':' 'apply 3' Enter
screen_wait 'Stops after 3 failures'
screen_keys 80 Enter
screen_wait 'Change 4: '
screen_wait ' skipped'
faults none
sent=$(sent '.*Delay.*13')
[ "$sent" -ge 3 ] && [ "$sent" -le 8 ] || fail "hardly anything is sent after three failures ($sent)"

# ---- left while it runs: waits for what is in flight, then ends
screen_keys 2
plan 14
apply
screen_wait 'Applying ['
screen_keys Q
screen_wait 'A change is at work'
screen_keys s
screen_ends 0
change | python3 -c '
import json, sys
c = json.load(sys.stdin)[0]
assert c["change"] == 5 and c["phase"] == "ended" and c["open"] == 0 and c["planned"] == 0 and c["done"] + c["skipped"] == 80, c
' || fail 'a change that was left is settled'
# And with patience: to its end.
screen_scopes "$size"
plan 15
apply
screen_wait 'Applying ['
screen_keys Q
screen_wait 'A change is at work'
screen_keys w
screen_wait 'Leaving when the change has ended'
screen_ends 0
change | grep -q '"change": *6.*"done": *80' || fail "all of change 6 is done: $(change | head -c 400)"

# ---- the terminal is closed
screen_scopes "$size"
plan 16
apply
screen_wait 'Applying ['
screen_tmux kill-server
for _ in $(seq 100); do
    [ -n "$(console)" ] || break
    sleep 0.1
done
[ -z "$(console)" ] || fail 'the program ends with its terminal'
change | python3 -c '
import json, sys
c = json.load(sys.stdin)[0]
assert c["change"] == 7 and c["phase"] == "ended" and c["open"] == 0 and c["planned"] == 0, c
' || fail 'what was in flight is settled when the terminal goes'

# ---- killed: the next start settles what was open, by reading, and says so
screen_scopes "$size"
plan 17
apply
screen_wait 's left' # some calls have been answered
kill -9 $(console)
screen_start "$size" --db "$db" --offline --pane changes
screen_wait 'Open steps of a process that ended were settled by reading again'
screen_keys @
screen_wait '1 change was left open by a process that ended'
screen_keys Escape
screen_gone 'Messages, newest first'
screen_match '^> +8 '
screen_keys Enter
screen_wait 'Changes > 8'
screen_has ' open ' && screen_fail 'no step is open any more'
run 0 --db "$db" change show 8 --format json
settled=$(grep -c '"state":"done"' "$out" || true)
there=$(dump | grep -cw 'Delay=17' || true)
[ "$settled" = "$there" ] || fail "what is settled as done is what the servers have ($settled settled, $there there)"

# ---- some of it back: the marked steps alone; what changed since is refused, and shown with what it is now
screen_keys / ' state:done' Enter
screen_gone ' skipped '
screen_wait 'done '
n=$(screen_now | grep -c ' done  ' || true)
[ "$n" -ge 3 ] || screen_fail 'some steps were done before the process was killed'
other=$(screen_row 5 | awk '{ print $1 }')
"$SIMHOST" set "$estate" "$a" "$other" Delay 99
run 0 --db "$db" retrieve "server:$a" --what dhcp
screen_keys Space Space u
screen_wait 'undo of change 8'
screen_wait '1 change on 1 target, 1 server, 1 call; 1 changed since'
screen_wait 'was changed since, to 99'
screen_keys n
screen_wait "$a $other"
screen_keys w
screen_wait 'Apply 1 change on 1 server? y/N'
screen_keys y
screen_wait 'Change 9: 1 done'
# All of it, from the list of changes: what is undone already is not done twice.
sleep 1 # what is read in the second in which a step ended counts as older than the step
run 0 --db "$db" retrieve "server:$a" --what dhcp
screen_keys 5
screen_wait 'Changes › all'
screen_keys j
screen_wait 'Change 8: set delay=17'
# A menu that is opened before the plan has come is about the list behind it: that stays until it is closed.
screen_tmux send-keys u F2
screen_wait 'The plan is made: it is shown when this is closed'
screen_has '[5 Changes' || screen_fail 'no pane is changed under a menu'
screen_has 'undo of change 8' && screen_fail 'no pane is changed under a menu'
screen_keys Space Escape
screen_wait 'undo of change 8'
screen_wait '1 already so; 1 changed since'
# A target taken out of it comes back, too.
changes_of() { screen_row 3 | awk '{ print $1 }'; }
n=$(changes_of)
screen_keys g g j x
screen_wait "$((n - 1)) changes on"
screen_keys u
screen_wait "Undone: the plan has $n changes now"
screen_keys u
screen_wait 'nothing was taken out of this plan'
# Kept for later: it goes into the pending plan.
screen_keys a
screen_wait 'Added to the pending plan'
screen_wait 'Plan › pending'
screen_keys a
screen_wait 'this plan is kept already'
drop
screen_wait 'The plan is dropped'

# ---- what was done to one scope, and back to it
screen_keys 2
screen_wait 'Scopes › '
screen_keys U g g g c
screen_wait 'Results'
screen_wait "$a key:10.0.27.0* › Results"
screen_wait 'delay 500 -> 11'
screen_keys g s
screen_wait "$a scope:10.0.27.0 › Scopes"
screen_wait 'State    active'
screen_keys Q
screen_ends 0
