#!/bin/sh
# Changes end to end over simulated hosts behind a real sshd.
. "$(dirname "$0")/../lib/run.sh"
. "$SOURCE/tests/lib/change_estate.sh"
. "$SOURCE/tests/lib/sshd.sh"
sshd_estate
. "$SOURCE/tests/lib/change_scenario.sh"
