#!/bin/sh
# `ipamtui collect`: retrieves by itself, only one of two does, and it ends at once and cleanly when it is told to.
. "$(dirname "$0")/../lib/run.sh"
estate=$T/estate
db=$estate/demo.db
estate "$estate" 3 20 1 "$db"

"$IPAMTUI" --db "$db" collect >"$T/one.out" 2>"$T/one.err" &
one=$!
"$IPAMTUI" --db "$db" collect >"$T/two.out" 2>"$T/two.err" &
two=$!
at_exit='kill $one $two 2>/dev/null || true'
for _ in $(seq 200); do
    if cat "$T/one.out" "$T/two.out" | grep -q 'round: .* verified, 0 failed'; then break; fi
    sleep 0.1
done
cat "$T/one.out" "$T/two.out" >"$out"
says 'verified, 0 failed'
[ ! -s "$T/one.out" ] || [ ! -s "$T/two.out" ] || fail 'only one of two verifies'
for _ in $(seq 400); do # the first rounds are spread
    "$IPAMTUI" --db "$db" list scopes --columns scope --format tsv >"$out" 2>"$err"
    [ "$(wc -l <"$out")" = 21 ] && break
    sleep 0.1
done
lines 21
kill -TERM $one
kill -INT $two
got=0
wait $one || got=$?
wait $two || got=$?
[ $got = 0 ] || fail "it ends with 0 (it did with $got)"
! pgrep -f "$SIMHOST serve $estate" >/dev/null || fail 'nothing is left running'
