# change_keys.sh - the scenario of change_scenario.sh by keys: 60 scopes on 6 servers edited, one server refusing, one not answering, one
# value changed behind our back; retry, undo; the estate is as it was. Sourced after screen.sh by a script that says how the servers are
# reached: add_servers (into $db), break_server NAME, mend_server NAME, and $options for every call of ipamtui.
unset IPAMTUI_NOW # ages of what is done now
db=$T/one.db
estate=$T/estate
"$SIMHOST" make "$estate" --servers 6 --scopes 60 --seed 11 --latency-ms 2 --role dhcp --clean --log --even >/dev/null
add_servers
run 0 $options --db "$db" retrieve --what dhcp
server() { "$IPAMTUI" $options --db "$db" list servers --columns server --format tsv 2>/dev/null | sed -n "$(($1 + 1))p"; }
scope() { "$IPAMTUI" $options --db "$db" list scopes "server:$1" --columns scope --format tsv 2>/dev/null | sed -n "$(($2 + 1))p"; }
dump() { "$SIMHOST" dump "$estate" | grep -v '^SimHost'; }
a=$(server 1) b=$(server 2) c=$(server 3)
changed=$(scope "$c" 4)
dump >"$T/before"

# ---- the form: impossible values are refused in it; what was typed is kept
screen_scopes "${1:-80x24}" $options
screen_keys A e
screen_wait 'edit 60 scopes'
screen_wait 'lease_duration'
screen_keys Down Down 0s
screen_wait 'lease_duration is between'
screen_keys C-u 3d
screen_wait 'plan: 60 changes'
screen_keys Escape
screen_wait 'comes back with the next e'
screen_keys e
screen_wait 'plan: 60 changes'
screen_keys Enter
screen_wait 'Plan › pending'
screen_wait '60 changes on 60 targets, 6 servers'

# ---- kept over a restart
screen_keys Q
screen_ends 0
dump | cmp -s - "$T/before" || fail 'a plan sends nothing'
screen_start "${1:-80x24}" $options --db "$db" --offline --pane scopes
screen_wait '60 changes pending (w)'

# ---- a wrong number sends nothing
screen_keys w
screen_wait 'Plan › pending'
screen_keys w
screen_wait 'Type the number of objects (60)'
screen_keys 59 Enter
screen_wait 'the number was another one'
dump | cmp -s - "$T/before" || fail 'nothing was sent'

# ---- two servers fail, each its own way; one value was changed behind our back
"$SIMHOST" fault "$estate" "$a" denied-set
break_server "$b"
"$SIMHOST" set "$estate" "$c" "$changed" LeaseDuration P9D
screen_keys w
screen_wait 'Type the number of objects (60)'
screen_keys 60 Enter
screen_wait 'Change 1: 39 done'
screen_wait '1 conflict'

# ---- only what failed again
"$SIMHOST" fault "$estate" "$a" none
mend_server "$b"
screen_keys r
screen_wait 'retry of change 1'
screen_wait '20 changes'
screen_keys w
screen_wait 'Apply 20 changes'
screen_keys y
screen_wait 'Change 2: 20 done'

# ---- and back again
screen_keys 5
screen_wait 'retry'
screen_keys u
screen_wait 'undo of change 2'
screen_keys w
screen_wait 'Apply 20 changes'
screen_keys y
screen_wait 'Change 3: 20 done'
screen_keys 5 G u
screen_wait 'undo of change 1'
screen_keys w
screen_wait 'Apply 39 changes'
screen_keys y
screen_wait 'Change 4: 39 done'
screen_keys Q
screen_ends 0
was=$(grep -F "DhcpServerv4Scope	ScopeId=$changed	" "$T/before" | tr '\t' '\n' | sed -n 's/^LeaseDuration=//p')
"$SIMHOST" set "$estate" "$c" "$changed" LeaseDuration "$was"
dump >"$T/after"
cmp -s "$T/before" "$T/after" || fail "everything is as it was: $(diff "$T/before" "$T/after" | head -4)"
