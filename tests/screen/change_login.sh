#!/bin/sh
# Questions of servers while a change is applied, one after the other: a host key that is refused, and its steps say so; accepted, and
# a passphrase that is asked for once in a run, whoever needs it: the change, and what is retrieved afterwards.
. "$(dirname "$0")/../lib/screen.sh"
. "$SOURCE/tests/lib/sshd.sh"
unset IPAMTUI_NOW
db=$T/ssh.db
sshd_prepare
sshd_start
estate=$T/estate
estate "$estate" 2 8 3 "$T/estate.db"
for state in "$estate"/*.state; do sshd_server "$(basename "$state" .state)" ssh dhcp; done
run 0 --db "$db" --ssh-config "$SSH_CONFIG" retrieve --what dhcp

# From now on the key has a passphrase, and nobody knows the host.
ssh-keygen -q -p -P '' -N 'open sesame' -f "$SSHD_DIR/id" >/dev/null
sshd_unknown_host

screen_scopes 80x24 --ssh-config "$SSH_CONFIG"
screen_keys A ':' 'set delay 5' Enter
screen_wait 'planned for 8 of 8'
screen_keys w
screen_wait '8 changes on 8 targets, 2 servers'
screen_keys w
screen_wait 'Apply 8 changes on 2 servers? y/N'
screen_keys y
screen_wait 'unknown host key'
screen_wait 'SHA256:'
screen_keys Enter # Refuse has the focus
screen_match ', 1 of 2 servers done|Change 1: 8 failed'
if ! screen_has 'Change 1: 8 failed'; then # the other server reached it later
    screen_wait 'unknown host key'
    screen_keys Enter
fi
screen_wait 'Change 1: 8 failed'
screen_wait 'host key'
screen_keys r
screen_wait 'retry of change 1'
screen_keys w
screen_wait 'Apply 8 changes on 2 servers? y/N'
screen_keys y
screen_wait 'unknown host key'
# Accepted; what is typed for one question is not taken by the next one, whichever server asks first.
for _ in 1 2 3; do
    asked=$(screen_now | grep -F 'unknown host key')
    screen_keys a
    screen_gone "$asked"
    screen_match 'SHA256:|passphrase for'
    screen_has 'passphrase for' && break
done
screen_wait ': passphrase'
screen_has 'SHA256:' && screen_fail 'one question at a time'
screen_keys 'open sesame'
screen_wait '***********'
screen_has 'sesame' && screen_fail 'a passphrase is not shown'
screen_keys Enter
screen_wait 'Change 2: 8 done'
[ "$("$SIMHOST" dump "$estate" | grep -cw 'Delay=5')" = 8 ] || fail 'all are changed'
ssh-keygen -q -p -P 'open sesame' -N 'another one' -f "$SSHD_DIR/id" >/dev/null # nobody could open it now
screen_keys A R # results name their servers
screen_wait 'Retrieved 2 servers'
screen_keys Q
screen_ends 0
