#!/bin/sh
# Every writable property and every action, over a simulated host.
. "$(dirname "$0")/../lib/run.sh"
options=
add_servers() { run 0 --db "$db" server import "$estate/servers.csv"; }
. "$SOURCE/tests/lib/change_calls.sh"
