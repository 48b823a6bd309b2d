#!/bin/sh
# Changes end to end over simulated hosts.
. "$(dirname "$0")/../lib/run.sh"
. "$SOURCE/tests/lib/change_estate.sh"
. "$SOURCE/tests/lib/change_scenario.sh"
