#!/bin/sh
# A change from the command line is confirmed on a terminal, many targets by their number; it stops when told and after failures.
. "$(dirname "$0")/../lib/run.sh"
. "$SOURCE/tests/lib/change_estate.sh"
change_estate 2 60 20

typed() { # STATUS ANSWER ARGS...
    want=$1 answer=$2
    shift 2
    got=0
    ON_TERMINAL_AT=: ON_TERMINAL_KEYS="$answer
" python3 "$SOURCE/tests/lib/on_terminal.py" "$IPAMTUI" --db "$db" "$@" >"$out" 2>"$err" </dev/null || got=$?
    [ "$got" = "$want" ] || fail "it ends with $want when $answer is typed (it did with $got)"
}

typed 1 no set scopes '' delay=1
says 'nothing was sent'
[ "$(sent)" = 0 ] || fail 'no means no'
server=$(server 1) one=$(scope "$(server 1)" 1)
typed 0 yes set scopes "scope:$one" delay=1
[ "$(sent)" = 1 ] || fail 'yes means yes'
printf 'guard_targets = 10;\n' >"$T/conf"
typed 1 yes --config "$T/conf" set scopes '' delay=2
says 'Apply to 60 targets on 2 servers? Type 60'
[ "$(sent)" = 1 ] || fail 'many targets are not applied for a yes'
typed 0 60 --config "$T/conf" set scopes '' delay=2
says '60 done'
# What is taken away or out of service is, too, however few they are.
remember
typed 1 yes scope deactivate "scope:$one"
says '1 of them takes something away or out of service'
says 'Apply to 1 target on 1 server? Type 1'
same_as_before 'it is not deactivated for a yes'
typed 0 1 scope deactivate "scope:$one"
typed 0 yes scope activate "scope:$one"
same_as_before 'it is as it was'

# A label is named, and a server that is set to ask=typed is never changed for a yes. Without a terminal nothing is asked.
run 0 --db "$db" server set "$server" label=PROD ask=typed
typed 1 yes set scopes "scope:$one" delay=1
says "PROD: $server"
says "ask=typed: $server"
says 'Apply to 1 target on 1 server? Type 1'
run 2 --db "$db" set scopes "scope:$one" delay=1
tells 'nobody can be asked here'
same_as_before 'it is not changed for a yes'
typed 0 1 set scopes "scope:$one" delay=1
says '1 done'
run 0 --db "$db" set scopes "scope:$one" delay=2 --yes
says '1 done'
run 2 --db "$db" server set "$server" ask=never
tells 'typed'
run 0 --db "$db" list servers 'prod' --columns server,label,ask --format csv
says "$server,PROD,typed"
run 0 --db "$db" server set "$server" label= ask=

# Stopped: what is on its way is settled, the rest is not sent, and says so.
faults slow:100
before=$(sent)
"$IPAMTUI" --db "$db" set scopes '' delay=3 --yes >"$out" 2>"$err" </dev/null &
pid=$!
for _ in $(seq 200); do
    [ "$(sent)" = "$before" ] || break
    sleep 0.05
done
kill -INT $pid
got=0
wait $pid || got=$?
[ $got = 3 ] || fail "a stopped change ends with 3 (it did with $got)"
run 0 --db "$db" change list --format json
python3 - "$out" <<'END' || fail 'a stopped change is settled'
import json, sys
c = json.load(open(sys.argv[1]))[0]
assert "delay=3" in c["what"] and c["phase"] == "ended" and c["open"] == 0 and c["planned"] == 0, c
assert c["done"] > 0 and c["skipped"] > 0 and c["done"] + c["skipped"] == 60, c
END

# After K failures nothing more is sent.
faults denied-set
before=$(sent)
run 3 --db "$db" set scopes '' delay=4 --yes --stop-after 3
[ $(($(sent) - before)) -le 4 ] || fail 'it stops after three failures'

# What had changed meanwhile is overwritten when that is asked for, and the undo brings back what was there then.
faults none
run 0 --db "$db" retrieve --what dhcp
"$SIMHOST" set "$estate" "$server" "$one" Delay 77
run 3 --db "$db" set scopes "scope:$one" delay=5 --yes
says 'the server has 77'
last() { stored change list --format json | sed -n 's/.*"change":\([0-9]*\).*/\1/p' | head -1; }
run 0 --db "$db" change retry "$(last)" --yes
says 'nothing to do'
run 0 --db "$db" change retry "$(last)" --conflicts --yes
says 'delay 77 -> 5'
dump | grep -F "ScopeId=$one	" | grep -q 'Delay=5	' || fail 'it is written now'
run 0 --db "$db" change undo "$(last)" --yes
dump | grep -F "ScopeId=$one	" | grep -q 'Delay=77	' || fail 'the undo restores what was overwritten'

# Old changes are forgotten after a while, if one wants that; not those whose outcome is not known, nor the pending plan.
count() { stored change list --format json | grep -c '"change":'; }
had=$(count)
[ "$had" -ge 6 ] || fail 'there is a history'
sql "$db" 'UPDATE change SET ended_at = ended_at - 864000 WHERE id <= 3'
break_server "$(server 2)"
sql "$db" "UPDATE change_step SET state = 'unknown' WHERE change = 2 AND no = (SELECT max(no) FROM change_step WHERE change = 2 AND server_name <> '$server')"
run 0 --db "$db" set scopes "scope:$one" delay=6 --yes
[ "$(count)" = $((had + 1)) ] || fail 'without being told to, nothing is forgotten'
printf 'keep_changes = "30d";\n' >"$T/conf"
run 0 --db "$db" --config "$T/conf" set scopes "scope:$one" delay=7 --yes
[ "$(count)" = $((had + 2)) ] || fail 'ten days are not thirty'
printf 'keep_changes = "7d";\n' >"$T/conf"
run 0 --db "$db" --config "$T/conf" set scopes "scope:$one" delay=8 --yes
[ "$(count)" = $((had + 1)) ] || fail 'two old ones are gone, the one with an unknown outcome is not'
run 0 --db "$db" change show 2
run 1 --db "$db" change show 1
