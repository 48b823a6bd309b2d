#!/bin/sh
# `ipamtui demo` in a terminal: it opens, shows the estate, and whatever ends it nothing is left, neither process nor file.
. "$(dirname "$0")/../lib/run.sh"
command -v tmux >/dev/null || { echo "there is no tmux here"; exit 77; }
n=0
trap 'tmux -S "$T/tmux$n" kill-server 2>/dev/null || true; rm -rf "$T"' EXIT
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
    kill -$signal "$(pgrep -f "^$IPAMTUI demo --servers 8" | head -1)"
    wait_for 'status'
    gone "SIG$signal"
    tmux -S "$T/tmux$n" kill-server
done
start
tmux -S "$T/tmux$n" kill-server # the terminal goes away
gone 'the terminal has gone'
