#!/bin/sh
# Changes by keys on the simulated estate.
. "$(dirname "$0")/../lib/screen.sh"
options=
add_servers() { run 0 --db "$db" server import "$estate/servers.csv"; }
break_server() { "$SIMHOST" fault "$estate" "$1" "down:no route to it"; }
mend_server() { "$SIMHOST" fault "$estate" "$1" none; }
. "$SOURCE/tests/lib/change_keys.sh"
