#!/bin/sh
# A list that scrolls beside, above and without a preview: what the terminal was told to move is what a full redraw shows,
# characters and looks, on terminals that move lines in different ways and on one that cannot.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
learnt "$db" 8 150

steps() { # KEY COUNT
    for _ in $(seq "$2"); do screen_tmux send-keys "$1"; done
}
# The preview is of the row under the cursor when that row's first word is there twice; with "off" there is none to wait for.
rests() {
    for _ in $(seq 200); do
        seen=$(screen_now)
        word=$(echo "$seen" | sed -n 's/^>[* ]*\([^ ]*\).*/\1/p')
        [ -n "$word" ] && [ "$(echo "$seen" | grep -oF -- "$word" | wc -l)" -ge "$1" ] && [ "$seen" = "$(sleep 0.2; screen_now)" ] && return 0
        sleep 0.05
    done
    screen_fail "the preview is of $word"
}
looks() { screen_tmux capture-pane -p -e | awk -f "$SOURCE/tests/lib/looks.awk"; }
# After C-l and a prompt that came and went, every cell is as it was.
same() { # WORDS WHERE
    rests "$1"
    looks >"$T/before"
    screen_keys C-l :
    screen_wait 'Back to where you were' # what may be typed: C-l has been dealt with
    screen_keys Escape
    screen_gone 'Back to where you were'
    looks >"$T/after"
    cmp -s "$T/before" "$T/after" || { diff "$T/before" "$T/after"; screen_fail "after $2 the screen is as after a redraw ($SCREEN_TERM $screen_size)"; }
}
walk() { # WORDS
    steps j 45
    same "$1" '45 j'
    steps k 50
    same "$1" '50 k'
    screen_keys G
    steps k 32
    same "$1" '32 k from the end'
    screen_keys C-u C-u C-d PPage
    same "$1" 'pages'
}
for SCREEN_TERM in xterm-256color screen-256color linux vt100; do
    screen_start 140x30 --db "$db" --offline --pane scopes --fresh
    screen_wait 'cache now'
    walk 2
    screen_keys p # a big one
    steps j 40
    same 2 '40 j beside a big preview'
    screen_keys Q
    screen_ends 0
done

# Names of two cells a character, some where the preview begins; no colours; nothing but ASCII; another size in between.
{
    echo 'name,role,group,tags,address'
    for i in $(seq 10 99); do echo "srv-$i,dhcp,漢字テスト$i,\"a 漢字$(printf "%$((i % 7))s" | tr ' ' x)漢字漢字漢字漢字漢字漢字漢字漢字\",192.0.2.$i"; done
} >"$T/wide.csv"
run 0 --db "$T/wide.db" server import "$T/wide.csv"
screen_start 140x30 --db "$T/wide.db" --offline --pane servers --fresh
screen_wait 'srv-10'
screen_keys ':' 'columns server,group:11,tags:60' Enter
screen_wait 'テスト10'
walk 2
screen_resize 160x40
walk 2
screen_keys Q
screen_ends 0
for SCREEN_LOCALE in C.UTF-8 C; do
    SCREEN_ENV='NO_COLOR=1'
    screen_start 140x30 --db "$db" --offline --pane scopes --fresh
    screen_wait 'Used%'
    walk 2
    screen_resize 100x30 # the preview goes below
    walk 2
    screen_keys p p
    walk 1
    screen_keys Q
    screen_ends 0
done
