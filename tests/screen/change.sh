#!/bin/sh
# Changes by keys on the simulated estate.
. "$(dirname "$0")/../lib/screen.sh"
. "$SOURCE/tests/lib/change_estate.sh"
. "$SOURCE/tests/lib/change_keys.sh"
