#!/bin/sh
# Suspending and coming back, signals, a terminal that is redrawn, a script that is replayed.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
learnt "$db"
screen_start 80x24 --version
screen_ends 0
# Under a shell with job control C-z gives the shell back and fg returns.
{ printf "PS1='shell> '\n"; } >"$T/rc"
screen_tmux kill-server || true
screen_number=$((screen_number + 1))
screen_tmux -f /dev/null new-session -d -x 80 -y 24 "env HOME='$HOME' LC_ALL=C.UTF-8 TZ=UTC TERM=screen-256color bash --rcfile '$T/rc' -i"
screen_tmux set-option -g status off
screen_wait 'shell>'
screen_keys "'$IPAMTUI' --db '$db' --offline --pane scopes" Enter
screen_wait 'Excluded'
screen_keys C-z
screen_wait 'Stopped'
screen_keys 'echo in $((40+2)) shell' Enter
screen_wait 'in 42 shell'
screen_keys fg Enter
screen_wait 'Excluded'
screen_gone 'in 42 shell'
screen_keys C-l j
screen_wait 'Excluded'
screen_keys C-c
screen_wait 'Nothing is going on'
screen_keys Q
screen_wait 'shell>'
screen_keys 'stty -a | grep -o " echo "; echo fine' Enter
screen_wait ' echo '

cat >"$T/script" <<'END'
# marks two, looks at scopes, exports
wait
keys g g space space
scopes
wait
filter name:*voice*
wait
END
echo "export $T/voice.tsv" >>"$T/script"
echo "wait" >>"$T/script"
screen_start 80x24 --db "$db" --offline --fresh --pane servers --script "$T/script"
screen_wait 'rows written to'
screen_keys 1
screen_wait '2 marked'
screen_keys Q
screen_ends 0
[ -s "$T/voice.tsv" ] || fail 'the script has exported'

for signal in TERM HUP INT; do
    screen_scopes 80x24
    kill -$signal "$(pgrep -f "^$IPAMTUI --db $db --offline" | head -1)"
    if [ $signal = INT ]; then
        screen_wait 'Nothing is going on' # twice C-c never kills
        screen_keys Q
    fi
    screen_ends 0
done
# The terminal goes away: the program too.
screen_scopes 80x24
screen_tmux kill-server
for _ in $(seq 100); do
    pgrep -f "^$IPAMTUI --db $db --offline" >/dev/null || exit 0
    sleep 0.05
done
fail 'it ends when its terminal has gone'
