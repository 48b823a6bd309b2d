#!/bin/sh
# Changes end to end over the real PowerShell engine behind a real sshd: every call passes the genuine binder.
. "$(dirname "$0")/../lib/run.sh"
. "$SOURCE/tests/lib/change_estate.sh"
. "$SOURCE/tests/lib/winhost.sh"
. "$SOURCE/tests/lib/sshd.sh"
sshd_estate
. "$SOURCE/tests/lib/change_scenario.sh"
