#!/bin/sh
# Changes end to end over simulated hosts.
. "$(dirname "$0")/../lib/run.sh"
options=
add_servers() { run 0 --db "$db" server import "$estate/servers.csv"; }
break_server() { "$SIMHOST" fault "$estate" "$1" 'down:no such luck'; }
mend_server() { "$SIMHOST" fault "$estate" "$1" none; }
. "$SOURCE/tests/lib/change_scenario.sh"
