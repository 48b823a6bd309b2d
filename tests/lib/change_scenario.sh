# change_scenario.sh - 60 scopes on 6 servers edited, two servers failing in different ways, one value changed behind our back,
# retry, undo; the estate compared before and after. Sourced after run.sh and change_estate.sh.
change_estate 6 60 2
run 0 $options --db "$db" list scopes --columns server,scope,name,lease_duration --format tsv
lines 61
a=$(server 1) b=$(server 2) c=$(server 3)

# ---- nothing is sent that was not asked for
remember
run 0 $options --db "$db" set scopes '' lease_duration=3d 'description+= (moved)' --dry-run
[ "$(grep -c '^~' "$out")" = 60 ] || fail 'sixty lines, one a target'
says '60 calls'
run 2 $options --db "$db" set scopes '' lease_duration=3d
tells '--yes'
run 2 $options --db "$db" set scopes '' lease_duration=0s --yes
run 2 $options --db "$db" set scopes '' lease=3d --yes
tells 'lease_duration'
run 1 $options --db "$db" set scopes '' lease_duration=3d lease_duration=4d --dry-run
run 2 $options --db "$db" set scopes 'sever:x' lease_duration=3d --yes
run 0 $options --db "$db" set scopes '' lease_duration=3d --dry-run --format json
python3 - "$out" <<'END' || fail 'the plan as json'
import json, sys
rows = json.load(open(sys.argv[1]))
steps = [r for r in rows if r["action"] == "set"]
assert all(r["after"] == 259200 and isinstance(r["before"], int) and r["state"] == "planned" for r in steps), steps[:2]
assert all(set(r["key"]) == {"scope"} for r in rows)
END
same_as_before 'a dry run sends nothing'
[ "$(sent)" = 0 ] || fail 'a dry run sends nothing'

# ---- two servers fail, each its own way; one value was changed behind our back
"$SIMHOST" fault "$estate" "$a" denied-set
break_server "$b"
changed=$(scope "$c" 4)
"$SIMHOST" set "$estate" "$c" "$changed" Description 'somebody else was here'
run 3 $options --db "$db" set scopes '' lease_duration=3d 'description+= (moved)' --yes
[ "$(grep -c "^failed  *$a " "$out")" = 20 ] || fail 'ten scopes of the first server are refused, two values each'
[ "$(grep -c "^failed  *$b .*nothing was sent" "$out")" = 20 ] || fail 'the second one cannot be reached'
[ "$(grep -c '^conflict' "$out")" = 1 ] || fail 'one value changed meanwhile'
grep "^conflict  *$c .*somebody else was here" "$out" >/dev/null || fail 'the conflict shows what is there'
grep "^failed  *$a .*WIN32 5" "$out" >/dev/null || grep "^failed  *$a .*DHCP 20000" "$out" >/dev/null || fail 'the error id is shown'
says 'change 1: 79 done, 40 failed, 1 conflict'
dump | grep -F "ScopeId=$changed" | grep -qF 'somebody else was here' || fail 'the other value is left alone'

# ---- the list knows, and the console's lists show what was read back
run 0 $options --db "$db" change list
says '[79 done, 40 failed, 1 conflict]'
run 0 $options --db "$db" change list --format json
python3 - "$out" <<'END' || fail 'the list as json'
import json, sys
(c,) = json.load(open(sys.argv[1]))
assert c["change"] == 1 and c["phase"] == "ended" and c["done"] == 79 and c["failed"] == 40 and c["conflict"] == 1, c
assert c["what"].startswith("set lease_duration=3d") and c["tool"] == "set" and c["who"] and c["servers"] == 6, c
END
run 0 $options --db "$db" change show 1
[ "$(grep -c ' done ' "$out")" -ge 79 ] || fail 'the steps are shown'
run 0 $options --db "$db" list scopes 'lease_duration=3d' --columns server --format tsv
lines 41

# ---- only what failed is tried again, and nothing is sent twice
"$SIMHOST" fault "$estate" "$a" none
mend_server "$b"
had=$(sent)
run 0 $options --db "$db" change retry 1 --yes
says 'change 2: 40 done'
[ "$(sent)" = $((had + 20)) ] || fail 'twenty scopes are sent again, no more'
dump | grep -c 'LeaseDuration=P3D' | grep -qx 60 || fail 'all have the new lease now'
run 0 $options --db "$db" change retry 1 --yes
says 'nothing to do'

# ---- a conflict is only overwritten when that is asked for, and the plan shows what would be
run 0 $options --db "$db" change retry 1 --conflicts --dry-run
[ "$(grep -c '^~' "$out")" = 1 ] || fail 'one conflict, nothing else'
says 'somebody else was here'
run 0 $options --db "$db" change retry 1 --conflicts --save "$T/conflicts.csv"
grep -q 'somebody else was here' "$T/conflicts.csv" || fail 'the plan has the value that is there now'
run 2 $options --db "$db" change undo 1 --conflicts --dry-run

# ---- undo, some and all of it; what changed since is left alone and shown
third=$(scope "$c" 6)
"$SIMHOST" set "$estate" "$c" "$third" LeaseDuration P9D
run 0 $options --db "$db" retrieve "server:$c" --what dhcp
run 3 $options --db "$db" change undo 1 --yes
says 'was changed since, to 9d'
says 'change 3: 78 done'
run 0 $options --db "$db" change undo 2 --yes
says 'change 4: 40 done'
"$SIMHOST" set "$estate" "$c" "$third" LeaseDuration "$(was "$third" LeaseDuration)"
"$SIMHOST" set "$estate" "$c" "$changed" Description "$(was "$changed" Description)"
same_as_before 'everything is as it was'
run 0 $options --db "$db" retrieve --what dhcp

# ---- exclusions, states, plans in files
run 3 $options --db "$db" exclusion add "server:$a" .200-.203 --yes
says 'change 5: 5 done'
says 'overlaps'
run 0 $options --db "$db" exclusion replace "server:$a" .200-.203 .200-.205 --yes
run 0 $options --db "$db" list exclusions "server:$a" --columns start,end --format tsv
[ "$(grep -c '\.200.*\.205$' "$out")" -ge 1 ] || fail 'the lists show the new range'
run 0 $options --db "$db" exclusion add "server:$a" .1-.2 --dry-run
says 'lies outside the range'
run 0 $options --db "$db" exclusion remove "server:$a" .200-.205 --yes
run 0 $options --db "$db" scope deactivate "server:$b" --save "$T/plan.csv"
same_as_before 'exclusions came and went'
run 0 $options --db "$db" apply "$T/plan.csv" --dry-run
says '-> inactive'
run 0 $options --db "$db" apply "$T/plan.csv" --yes
last=$(stored change list --format json | sed -n 's/.*"change":\([0-9]*\).*/\1/p' | head -1)
run 0 $options --db "$db" scope activate "server:$b state:active" --dry-run
run 0 $options --db "$db" change undo "$last" --yes
same_as_before 'states are as they were'
printf 'action,server,object,key,property,before,after\nset,%s,scopes,%s,lease_duration,1d,0s\n' "$c" "$changed" >"$T/bad.csv"
run 2 $options --db "$db" apply "$T/bad.csv" --yes
tells 'line 2'
run 1 $options --db "$db" change show 99
run 2 $options --db "$db" change undo none
