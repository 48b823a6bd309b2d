#!/bin/sh
# Changes by keys over a real sshd to the real PowerShell engine: every call passes the genuine binder.
. "$(dirname "$0")/../lib/screen.sh"
. "$SOURCE/tests/lib/sshd.sh"
[ -f "$BUILD/winhost/winhost.dll" ] || { echo "the real PowerShell engine is not built here (no dotnet)"; exit 77; }
sshd_prepare
sshd_start
options="--ssh-config $SSH_CONFIG"
ssh_command() { echo "env BUILD=$BUILD SIMHOST=$SIMHOST sh $SOURCE/tests/winhost/winhost.sh $estate $1"; }
add_servers() {
    for state in "$estate"/*.state; do
        name=$(basename "$state" .state)
        "$SIMHOST" set "$estate" "$name" host Shape plain
        run 0 --db "$db" server add "$name" --role dhcp --transport ssh --powershell "$(ssh_command "$name")"
    done
}
break_server() { run 0 --db "$db" server set "$1" 'powershell=echo no such luck'; }
mend_server() { run 0 --db "$db" server set "$1" "powershell=$(ssh_command "$1")"; }
. "$SOURCE/tests/lib/change_keys.sh"
