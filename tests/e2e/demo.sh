#!/bin/sh
# `ipamtui demo` in a terminal: it opens, shows the estate, and whatever ends it nothing is left, neither process nor file.
. "$(dirname "$0")/../lib/run.sh"
command -v tmux >/dev/null || { echo "there is no tmux here"; exit 77; }
n=0
at_exit='for s in "$T"/tmux*; do tmux -S "$s" kill-server 2>/dev/null || true; done'
export TMPDIR="$T/tmp"
mkdir "$TMPDIR"

screen() { tmux -S "$T/tmux$n" capture-pane -p; }
wait_for() { # TEXT
    for _ in $(seq 150); do
        screen 2>/dev/null | grep -qF -- "$1" && return 0
        sleep 0.1
    done
    screen >"$out" 2>&1
    fail "the screen shows \"$1\""
}
start() {
    n=$((n + 1)) # a server that is ending does not take a new session
    tmux -S "$T/tmux$n" -f /dev/null new-session -d -x 100 -y 30 \
        "env HOME=$HOME TMPDIR=$TMPDIR IPAMTUI_DATA_DIR=$IPAMTUI_DATA_DIR IPAMTUI_SIMHOST=$SIMHOST LC_ALL=C.UTF-8 TERM=screen \
        $IPAMTUI demo --servers 8 --scopes 80; echo status \$?; sleep 60"
    wait_for 'Servers'
    wait_for 'running'
}
# The demo of the terminal in use; there may be others of this build.
demo() { pgrep -P "$(tmux -S "$T/tmux$n" display-message -p '#{pane_pid}')"; }
gone() { # HOW
    for _ in $(seq 100); do
        left=$(pgrep -f "^$SIMHOST serve $TMPDIR" || true)
        [ -z "$left$(ls "$TMPDIR")" ] && return 0
        sleep 0.1
    done
    fail "nothing is left after $1: $left $(ls "$TMPDIR")"
}

start
[ "$(stat -c %a "$TMPDIR"/ipamtui-demo-*)" = 700 ] || fail 'the folder is private'
tmux -S "$T/tmux$n" send-keys Q
wait_for 'status 0'
gone quitting
tmux -S "$T/tmux$n" kill-server
for signal in TERM HUP; do
    start
    kill -$signal "$(demo)"
    wait_for 'status'
    gone "SIG$signal"
    tmux -S "$T/tmux$n" kill-server
done
start
tmux -S "$T/tmux$n" kill-server # the terminal goes away
gone 'the terminal has gone'

# Killed without a chance to tidy up: the next demo does it, and leaves alone what is in use or not a demo's.
folders() { find "$TMPDIR" -maxdepth 1 -name 'ipamtui-demo-*' -type d | sort; }
start
dead=$(folders)
kill -9 "$(demo)"
wait_for 'status 137'
[ -s "$dead/demo.db" ] || fail 'a killed demo leaves its folder'
mkdir "$TMPDIR/ipamtui-demo-mine"
echo kept >"$TMPDIR/ipamtui-demo-mine/file"
mkdir "$TMPDIR/elsewhere"
echo kept >"$TMPDIR/elsewhere/in-use"
ln -s "$TMPDIR/elsewhere" "$TMPDIR/ipamtui-demo-link"
ln -s "$TMPDIR/elsewhere" "$dead/link"
tmux -S "$T/tmux$n" kill-server
start
[ ! -e "$dead" ] || fail 'the next demo removes what a killed one left'
[ -s "$TMPDIR/ipamtui-demo-mine/file" ] && [ -s "$TMPDIR/elsewhere/in-use" ] && [ -L "$TMPDIR/ipamtui-demo-link" ] ||
    fail 'nothing else is removed'
living=$(folders | grep -v mine)
[ -s "$living/demo.db" ] || fail 'a demo runs'
first=$n
start # a second one beside it
[ -s "$living/demo.db" ] || fail 'a demo that runs keeps its folder'
[ "$(folders | grep -vc mine)" = 2 ] || fail 'each has its own'
screen | grep -qi 'remov' && fail 'tidying up is not talked about'
tmux -S "$T/tmux$n" send-keys Q
wait_for 'status 0'
[ "$(folders | grep -v mine)" = "$living" ] || fail 'each removes its own'
tmux -S "$T/tmux$n" kill-server
n=$first
tmux -S "$T/tmux$n" send-keys Q
wait_for 'status 0'
rm -r "$TMPDIR/ipamtui-demo-mine" "$TMPDIR/ipamtui-demo-link" "$TMPDIR/elsewhere"
gone 'all have ended'
