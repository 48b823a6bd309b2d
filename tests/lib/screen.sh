# screen.sh - drives the real program in a private tmux and looks at what an operator would see. Sourced by tests/screen/*.sh.
#
#   screen_start 80x24 --db "$db" --pane scopes    starts ipamtui in a terminal of that size
#   screen_scopes 80x24                            with the scopes of $db as they were retrieved last, and waits for the first one
#   screen_keys / voice Enter                      tmux's names of keys; a word that is none is typed
#   screen_wait 'voice'                            until the text is on the screen (10 s at most)
#   screen_gone 'voice'                            until it is not there any more
#   screen_match '^ >! +1 done'                    until a line is like that (grep -E)
#   screen_is scopes-80x24                         is it tests/screen/golden/scopes-80x24? UPDATE=1 writes it
#   screen_row 3 / screen_has TEXT                 one line; is the text there now?
#   screen_ends STATUS                             the program has ended so
#
# Waits for text, never for time. Clock (IPAMTUI_NOW), zone, locale and size are fixed.
. "$(dirname "$0")/../lib/run.sh"
command -v tmux >/dev/null || { echo "there is no tmux here"; exit 77; }
GOLDEN=$SOURCE/tests/screen/golden
SCREEN_TERM=${SCREEN_TERM:-screen-256color}
SCREEN_LOCALE=C.UTF-8
export IPAMTUI_NOW=1764068400 # 2025-11-25 11:00:00 UTC
screen_number=0

screen_tmux() { tmux -S "$T/tmux$screen_number" "$@"; }
screen_end() { screen_tmux kill-server 2>/dev/null || true; }
at_exit="screen_end; $at_exit"
screen_now() { screen_tmux capture-pane -p; }
screen_start() { # SIZE ARGS...
    [ "$screen_number" = 0 ] || screen_end
    screen_number=$((screen_number + 1)) # a server that is ending takes no new session
    screen_size=$1
    shift
    {
        echo "export HOME='$HOME' LC_ALL=$SCREEN_LOCALE TZ=UTC TERM=$SCREEN_TERM ${SCREEN_ENV:-}"
        printf "'%s'" "$IPAMTUI"
        printf " '%s'" "$@"
        printf '\necho "ended with $?"\nexec sleep 600\n'
    } >"$T/start.sh"
    screen_tmux -f /dev/null new-session -d -x "${screen_size%x*}" -y "${screen_size#*x}" "sh '$T/start.sh' 2>'$err'"
    screen_tmux set-option -g status off
}
screen_fail() {
    echo "not so: $*; the screen:"
    screen_now | sed 's/^/  |/'
    [ ! -s "$err" ] || sed 's/^/  stderr: /' "$err"
    exit 1
}
screen_has() { screen_now | grep -qF -- "$1"; }
screen_wait() {
    for _ in $(seq 200); do
        screen_has "$1" && return 0
        sleep 0.05
    done
    screen_fail "\"$1\" is on the screen"
}
screen_match() {
    for _ in $(seq 200); do
        screen_now | grep -qE -- "$1" && return 0
        sleep 0.05
    done
    screen_fail "a line is like $1"
}
screen_gone() {
    for _ in $(seq 200); do
        screen_has "$1" || return 0
        sleep 0.05
    done
    screen_fail "\"$1\" is not on the screen any more"
}
screen_keys() {
    for key in "$@"; do
        screen_tmux send-keys -- "$key"
        # An escape followed at once by a letter is Alt with that letter: a person's fingers leave this gap.
        [ "$key" != Escape ] || sleep 0.15
    done
}
screen_scopes() { # SIZE ARGS...
    screen_start "$@" --db "$db" --offline --pane scopes
    screen_wait 'Excluded'
}
screen_row() { screen_now | sed -n "${1}p"; }
screen_resize() { screen_tmux resize-window -x "${1%x*}" -y "${1#*x}"; }
screen_is() {
    if [ -n "${UPDATE:-}" ]; then
        sleep 1
        screen_now >"$GOLDEN/$1"
        return 0
    fi
    for _ in $(seq 100); do
        screen_now >"$T/seen"
        cmp -s "$T/seen" "$GOLDEN/$1" && return 0
        sleep 0.05
    done
    echo "not so: the screen is tests/screen/golden/$1 (UPDATE=1 rewrites it):"
    diff -u "$GOLDEN/$1" "$T/seen" || true
    exit 1
}
screen_ends() {
    screen_wait "ended with"
    screen_has "ended with $1" || screen_fail "it ended with $1"
}

# A database of a small estate that has been asked once, and is not any more: what is shown comes from the store alone.
learnt() { # DB [SERVERS SCOPES]
    estate "$T/estate" "${2:-8}" "${3:-60}" 7 "$1"
    run 0 --db "$1" retrieve
}
