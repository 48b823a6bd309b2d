#!/bin/sh
# The database breaks under a running console: damaged, cut off, replaced by garbage, or a disk that fails a read now and then. There
# is a line that says so, nothing crashes or spins, and the file is left as it is.
. "$(dirname "$0")/../lib/screen.sh"
command -v cc >/dev/null || { echo "there is no cc here"; exit 77; }
db=$T/one.db
learnt "$db"
cp "$db" "$T/whole.db"

pid_of() { pgrep -f "^$IPAMTUI --db $db" | head -n 1; }
ticks() { cut -d' ' -f14,15 "/proc/$1/stat" | tr ' ' '+'; }
# damage HOW: what happens to the file.
damage() {
    case $1 in
    cut) truncate -s 8192 "$db" ;;
    emptied) : >"$db" ;;
    garbage) head -c 300000 /dev/urandom | dd of="$db" conv=notrunc 2>/dev/null ;;
    pages) head -c 300000 /dev/zero | tr '\0' '\377' | dd of="$db" bs=4096 seek=1 conv=notrunc 2>/dev/null ;;
    esac
}

for how in cut emptied garbage pages; do
    rm -f "$db" "$db-wal" "$db-shm"
    cp "$T/whole.db" "$db"
    # The pane of zones has not been looked at yet, nor has anything of it been read.
    screen_start 80x24 --db "$db" --offline --pane servers --fresh
    screen_wait 'dhcp-fra-01'
    damage $how
    cp "$db" "$T/damaged.db"
    screen_keys 2
    [ $how = pages ] || screen_wait 'damaged'
    screen_keys / v o i Escape
    screen_keys ':' changes Enter
    [ $how = pages ] || screen_wait 'could not be read'
    screen_keys 2 G j k s e
    screen_keys 1
    screen_wait 'Servers ›'
    # Pages that were read before it may hide it for a while, not to the end.
    screen_keys @
    screen_match 'damaged|could not be read'
    screen_keys Escape
    # It rests.
    pid=$(pid_of)
    sleep 0.5
    before=$(($(ticks "$pid")))
    sleep 1
    [ $(($(ticks "$pid") - before)) -lt 20 ] || screen_fail "the console rests ($how)"
    screen_keys Q
    screen_ends 0
    cmp -s "$db" "$T/damaged.db" || screen_fail "the database is kept as it is ($how)"
done

# While a retrieval writes it.
rm -f "$db" "$db-wal" "$db-shm"
cp "$T/whole.db" "$db"
screen_start 80x24 --db "$db" --offline --pane servers --fresh
screen_wait 'dhcp-fra-01'
damage garbage
screen_keys ':' 'retrieve' Enter
screen_wait '8 failed (:jobs says why)'
screen_keys ':' jobs Enter Enter
screen_wait '! server 1: '
screen_wait 'damaged'
screen_keys Q
screen_match '^ended with [01]$'

# One read after the other fails: wherever it is, a sentence, and the database is whole afterwards.
cc -shared -fPIC -O1 -o "$T/failing_reads.so" "$SOURCE/tests/lib/failing_reads.c" -ldl
cat >"$T/script" <<'END'
wait
scopes
wait
filter 8d
wait
sort util-
wait
keys G
wait
servers
wait
exclusions
wait
END
rm -f "$db" "$db-wal" "$db-shm"
cp "$T/whole.db" "$db"
"$IPAMTUI" --db "$db" list scopes --format csv >"$T/list"
n=-1 failed=0
while n=$((n + 2)) && [ $n -lt 400 ]; do # every second one: they lie side by side
    rm -f "$T/seen" "$T/still" "$T/log"
    got=0
    ON_TERMINAL_KEYS=Q ON_TERMINAL_STILL="$T/still" FAILING_READ=$n FAILING_SEEN="$T/seen" python3 "$SOURCE/tests/lib/on_terminal.py" env LD_PRELOAD="$T/failing_reads.so" \
        "$IPAMTUI" --db "$db" --offline --fresh --debug-log "$T/log" --script "$T/script" >"$out" 2>"$err" </dev/null || got=$?
    [ -e "$T/seen" ] || break # there are not that many
    failed=$((failed + 1))
    [ $got = 0 ] || [ $got = 1 ] || fail "read $n fails: the console ends with 0 or 1, not $got"
    # What is written over like letters comes in pieces: the log has the sentence whole.
    grep -aqE 'damaged|disk I/O|could not be read' "$out" "$T/log" ||
        fail "read $n fails: a sentence says so (status $got)"
done
[ $failed -gt 15 ] || fail "reads were made to fail (only $failed)"
"$IPAMTUI" --db "$db" list scopes --format csv >"$out"
cmp -s "$out" "$T/list" || fail 'the database is whole afterwards'
