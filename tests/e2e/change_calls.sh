#!/bin/sh
# Every writable property and every action, over a simulated host.
. "$(dirname "$0")/../lib/run.sh"
. "$SOURCE/tests/lib/change_estate.sh"
. "$SOURCE/tests/lib/change_calls.sh"
