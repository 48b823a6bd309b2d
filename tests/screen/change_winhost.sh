#!/bin/sh
# Changes by keys over a real sshd to the real PowerShell engine: every call passes the genuine binder.
. "$(dirname "$0")/../lib/screen.sh"
. "$SOURCE/tests/lib/change_estate.sh"
. "$SOURCE/tests/lib/winhost.sh"
. "$SOURCE/tests/lib/sshd.sh"
sshd_estate
. "$SOURCE/tests/lib/change_keys.sh"
