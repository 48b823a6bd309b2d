#!/bin/sh
# Changes end to end over simulated hosts behind a real sshd.
. "$(dirname "$0")/../lib/run.sh"
. "$SOURCE/tests/lib/sshd.sh"
ssh_command() { echo "$SIMHOST serve $estate $1"; }
sshd_prepare
sshd_start
options="--ssh-config $SSH_CONFIG"
add_servers() {
    kind=ssh
    for state in "$estate"/*.state; do
        name=$(basename "$state" .state)
        run 0 --db "$db" server add "$name" --role dhcp --transport $kind --powershell "$(ssh_command "$name")"
        [ $kind = ssh ] && kind=openssh || kind=ssh
    done
}
break_server() { run 0 --db "$db" server set "$1" 'powershell=echo no such luck'; }
mend_server() { run 0 --db "$db" server set "$1" "powershell=$(ssh_command "$1")"; }
. "$SOURCE/tests/lib/change_scenario.sh"
