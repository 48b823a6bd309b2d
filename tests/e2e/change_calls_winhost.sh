#!/bin/sh
# Every writable property and every action, over the real PowerShell engine: the genuine binder accepts each name and type.
. "$(dirname "$0")/../lib/run.sh"
. "$SOURCE/tests/lib/change_estate.sh"
. "$SOURCE/tests/lib/winhost.sh"
. "$SOURCE/tests/lib/change_calls.sh"
