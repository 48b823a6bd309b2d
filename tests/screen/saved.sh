#!/bin/sh
# f: a filter is saved under a name, tried on the list behind the menu, picked, forgotten; kept for the next session.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
learnt "$db"
screen_scopes 110x24
screen_keys f
screen_wait 'No query is saved for scopes yet'
screen_keys / 'name:*voice*' Enter f
screen_wait 'Save /name:*voice* as:'
screen_keys 'the phones' Enter
screen_wait 'saved as the phones (1 for scopes)'
screen_keys C-l ':' 'filter-clear' Enter
screen_wait 'Scopes › all'
screen_keys ':' 'filter-save' Enter
screen_wait 'no filter to save'
screen_keys / 'util>80' Enter f
screen_wait 'Saved queries'
screen_wait '1 the phones  name:*voice*'
screen_wait 'Scopes › filtered   /name:*voice*' # tried at once
screen_keys Escape
screen_wait '/util>80' # and given back
screen_gone 'Saved queries'
screen_keys f +
screen_wait 'Save /util>80 as:'
screen_keys full Enter
screen_wait 'saved as full (2 for scopes)'
screen_keys ':' 'filter-clear' Enter
screen_gone '/util>80'
screen_keys f Down
screen_wait '/util>80 '
screen_keys pho
screen_wait '/name:*voice*'
screen_keys zz
screen_wait 'nothing matches'
screen_keys BSpace BSpace
screen_gone '2 full'
screen_keys Enter
screen_gone 'Saved queries'
screen_wait '/name:*voice*'
screen_keys f 2
screen_wait 'filtered   /util>80'
# Of those that match what is typed, the last one is forgotten: the cursor rests on the one before it.
for name in aa1 aa2; do
    screen_keys ':' "filter-save $name" Enter
    screen_wait "saved as $name"
done
screen_keys f aa Down Delete
screen_wait 'aa2 is forgotten'
screen_keys Enter
screen_gone 'Saved queries'
screen_wait 'filtered   /util>80'
screen_keys f aa Delete
screen_wait 'nothing matches'
screen_keys Escape
screen_gone 'Saved queries'
screen_wait 'filtered   /util>80'
screen_keys ':' 'filter-saved the phones' Enter
screen_wait 'filtered   /name:*voice*'
screen_keys 1 f # each pane has its own
screen_wait 'No query is saved for servers yet'
screen_keys Q
screen_ends 0
saved() { sql "$db" "SELECT value FROM setting WHERE key LIKE 'ui.%.saved'"; }
[ -n "$(saved)" ] || fail 'two are kept for the next session'

screen_scopes 110x24 --fresh
screen_keys f Down Delete
screen_wait 'full is forgotten; it was /util>80'
screen_gone '2 full'
screen_wait '/name:*voice*' # the one under the cursor now is tried
screen_keys Escape
screen_gone 'Saved queries'
screen_wait 'Scopes › all' # forgetting changes no filter
screen_keys ':' 'filter-saved full' Enter
screen_wait 'no query is saved under this name'
screen_keys f -
screen_wait 'the phones is forgotten'
screen_gone 'Saved queries'
screen_keys Q
screen_ends 0
left=$(saved)
[ -z "$left" ] || fail "nothing is saved any more: $left"

# What was said to be saved is, also when another process holds the database until after the console was left; what cannot be is said.
hold() { # until $T/release is there, or $T is gone
    rm -f "$T/held" "$T/release"
    python3 - "$db" "$T" <<'END' &
import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
open(sys.argv[2] + "/held", "w")
for _ in range(6000):
    if os.path.exists(sys.argv[2] + "/release") or not os.path.exists(sys.argv[2] + "/held"):
        break
    time.sleep(0.01)
db.execute("ROLLBACK")
END
    for _ in $(seq 200); do
        [ ! -e "$T/held" ] || return 0
        sleep 0.05
    done
    fail 'the database is held'
}
two_saved_while_held() {
    screen_scopes 110x24 --fresh
    screen_keys / 'util>80' Enter
    screen_wait 'filtered   /util>80'
    hold
    screen_keys ':' "filter-save $1" Enter
    screen_wait "saved as $1"
    screen_keys ':' "filter-save $2" Enter
    screen_wait "saved as $2"
    screen_keys Q
    screen_gone 'Excluded'
}
two_saved_while_held one two
touch "$T/release"
screen_ends 0
wait
saved | grep -q 'two' || fail "both are saved: $(saved)"
# So is a file: what is exported is written to its end, and where it could not be, that is said.
export_while_held() {
    screen_scopes 110x24 --fresh
    screen_keys / 'util>80' Enter
    screen_wait 'filtered   /util>80'
    hold
    screen_keys ':' 'filter-save five' Enter # the errand before it has to wait
    screen_keys ':' "export $1" Enter
    screen_wait 'Writing '
    screen_keys Q
    screen_gone 'Excluded'
    touch "$T/release"
}
export_while_held "$T/left.csv"
screen_ends 0
wait
[ "$(wc -l <"$T/left.csv")" -gt 1 ] || fail 'the file has all rows'
export_while_held "$T/no-such-folder/left.csv"
screen_ends 1
wait
tells 'not everything could be kept when the console was left: cannot write the file'
two_saved_while_held three four
mv "$db" "$T/away.db"
mkdir "$db"
touch "$T/release"
screen_ends 1
tells 'not everything could be kept when the console was left'
