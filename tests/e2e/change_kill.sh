#!/bin/sh
# kill -9 at 100 random moments of an apply: each time the next start settles every step by reading, nothing is sent twice, and
# the undo restores exactly what was. KILLS and SEED from the environment; a failure names its moment.
. "$(dirname "$0")/../lib/run.sh"
KILLS=${KILLS:-100}
SEED=${SEED:-1}
estate=$T/estate
db=$estate/t.db

"$SIMHOST" make "$estate" --servers 3 --scopes 18 --seed 7 --latency-ms 5 --role dhcp --clean --log --even >/dev/null ||
    fail 'the estate is made'
run 0 --db "$db" server import "$estate/servers.csv"
run 0 --db "$db" retrieve --what dhcp
# A scope without DNS settings of its own shows the server's; no cmdlet takes its own ones away again.
run 0 --db "$db" set scopes '' dynamic_updates=always --yes
run 0 --db "$db" set scopes '' dynamic_updates=on-client-request --yes
dump() { "$SIMHOST" dump "$estate" | grep -v '^SimHost'; }
dump >"$T/before"
! grep -q 'LeaseDuration=P3D	' "$T/before" || fail 'nobody has three days yet'

# How long one takes here, undisturbed: the moments lie within that, and a little after.
from=$(date +%s%N)
run 0 --db "$db" set scopes '' lease_duration=3d 'description+= (moved)' dynamic_updates=never --yes
long=$(($(date +%s%N) - from))
run 0 --db "$db" change undo 3 --yes

killed=0 half=0
for moment in $(awk -v n="$KILLS" -v seed="$SEED" -v long="$long" \
    'BEGIN { srand(seed); for (i = 0; i < n; i++) printf "%.3f ", rand() * long / 1e9 * 1.05 }'); do
    for f in "$estate"/*.calls; do : >"$f"; done
    "$IPAMTUI" --db "$db" set scopes '' lease_duration=3d 'description+= (moved)' dynamic_updates=never --yes >"$out" 2>"$err" </dev/null &
    pid=$!
    sleep "$moment"
    ! kill -9 $pid 2>/dev/null || killed=$((killed + 1))
    wait $pid 2>/dev/null || true
    run 0 --db "$db" change settle
    # Nothing is sent while settling, but for what the hosts had received already; and no call was made twice.
    twice=$(cat "$estate"/*.calls | sed -n 's/.* \(Set-[A-Za-z0-9]* -ScopeId:S "[0-9.]*"\).*/\1/p' | sort | uniq -d | head -1)
    [ -z "$twice" ] || fail "at $moment s: $twice was sent twice"
    run 0 --db "$db" change list --format json
    set -- $(python3 - "$out" <<'END'
import json, sys
rows = json.load(open(sys.argv[1]))
c = rows[0] if rows else None
bad = [r["change"] for r in rows if r["phase"] != "ended" or r["open"] or r["planned"] or r["unknown"]]
print(c["change"] if c and c["tool"] == "set" else 0, c["done"] if c else 0, len(bad))
END
)
    [ "$3" = 0 ] || fail "at $moment s: every step is settled"
    dump >"$T/after"
    if [ "$1" != 0 ]; then
        [ "$2" = 0 ] || [ "$2" = 54 ] || half=$((half + 1))
        # What the journal calls done is what the estate shows.
        shown=$(grep -c 'LeaseDuration=P3D	' "$T/after" || true)
        run 0 --db "$db" change show "$1" --format json
        python3 - "$out" "$shown" <<'END' || fail "at $moment s: the journal says what is"
import json, sys
steps = json.load(open(sys.argv[1]))
done = sum(1 for s in steps if s["property"] == "lease_duration" and s["state"] == "done")
assert done == int(sys.argv[2]), (done, sys.argv[2])
END
        run 0 --db "$db" change undo "$1" --yes
        dump >"$T/after"
    fi
    cmp -s "$T/before" "$T/after" || fail "at $moment s: the undo restores what was: $(diff "$T/before" "$T/after" | head -4)"
done
echo "$KILLS moments, $killed killed, $half of them with the change half done"
[ "$killed" -gt $((KILLS / 4)) ] || fail 'many were killed'
