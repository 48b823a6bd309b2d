# change_keys.sh - the scenario of change_scenario.sh by keys: 60 scopes on 6 servers edited, one server refusing, one not answering, one
# value changed behind our back; retry, undo; the estate is as it was. Sourced after screen.sh and change_estate.sh.
unset IPAMTUI_NOW # ages of what is done now
change_estate 6 60 2
a=$(server 1) b=$(server 2) c=$(server 3)
changed=$(scope "$c" 4)
remember

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
same_as_before 'a plan sends nothing'
screen_scopes "${1:-80x24}" $options
screen_wait '60 changes pending (w)'

# ---- a wrong number sends nothing
screen_keys w
screen_wait 'Plan › pending'
screen_keys w
screen_wait 'Type the number of objects (60)'
screen_keys 59 Enter
screen_wait 'the number was another one'
same_as_before 'nothing was sent'

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
"$SIMHOST" set "$estate" "$c" "$changed" LeaseDuration "$(was "$changed" LeaseDuration)"
same_as_before 'everything is as it was'
