#!/bin/sh
# A retrieval while one looks: rows fill in, the strip says what goes on, failures have their words and never look like empty.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/one.db
estate_with_failures "$db"
unset IPAMTUI_NOW
screen_start 100x30 --db "$db"
screen_wait 'Retrieved 4 of 6 servers'
screen_wait '2 servers failed (:jobs)'
screen_wait 'running'
screen_now | grep -q '^[> ]  broken .*no ' || screen_fail 'the broken server says where it failed'
screen_keys L Enter
screen_wait '[6 Jobs]'
screen_wait 'not PowerShell remoting'
screen_keys 2
screen_wait '[2 Scopes]'
screen_wait '20'
screen_keys g R
screen_wait 'Retrieved 4 of 6 servers'
screen_keys Q
screen_ends 0
[ -z "$(pgrep -f "^$SIMHOST serve $T" || true)" ] || fail 'nothing is left running'

# What another process retrieves and sets appears, too.
estate "$T/estate4" 4 20 7 "$T/four.db"
screen_start 100x30 --db "$T/four.db" --offline --pane scopes
screen_wait '[2 Scopes]'
run 0 --db "$T/four.db" retrieve
screen_wait 'dhcp-'
screen_wait '20'
run 0 --db "$T/four.db" server set dhcp-lon-01 label=PROD
screen_keys / server:dhcp-lon-01 Enter
screen_wait '[PROD]'
screen_keys Q
screen_ends 0

# Of how many a filtered list is follows what is retrieved.
estate "$T/estate3" 4 20 7 "$T/three.db"
screen_start 100x30 --db "$T/three.db" --offline --pane scopes --filter 'scope:10.0.0.0'
screen_wait 'No scope matches'
screen_keys g R
screen_wait 'Retrieved 4 servers'
screen_wait '1 of 20'
screen_keys 1 '/' dhcp-lon Enter
screen_wait ' of 4'
screen_keys ':' 'server-add another role=dhcp' Enter
screen_wait ' of 5'
screen_keys Q
screen_ends 0

# A list that is held still counts what came, and shows it when it is let go; one that is moved in, when the cursor rests.
estate "$T/estate2" 4 20 7 "$T/two.db"
screen_start 100x30 --db "$T/two.db" --offline --pane scopes
screen_wait '[2 Scopes]'
screen_keys Z
screen_wait 'frozen'
screen_keys g R
screen_wait 'Retrieved 4 servers'
screen_wait 'frozen, 20 new (Z shows)'
screen_has 'dhcp-' && screen_fail 'nothing moves in a list that is frozen'
screen_keys Z
screen_wait 'dhcp-'
screen_gone 'frozen,'
screen_has ' new ' && screen_fail 'what is shown is not counted as new any more'
screen_keys 1 Z ':' 'server-add another role=dhcp' Enter
screen_wait 'frozen, 1 new (Z shows)'
screen_keys Z
screen_wait '>  another'
screen_keys Q
screen_ends 0
