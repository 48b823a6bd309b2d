#!/bin/sh
# Questions on the way in: a host key that nobody knows, a passphrase. Refusing is the first answer; what is typed is not shown.
. "$(dirname "$0")/../lib/screen.sh"
. "$SOURCE/tests/lib/sshd.sh"
unset IPAMTUI_NOW
db=$T/ssh.db
sshd_prepare
sshd_unknown_host
sshd_start
estate=$T/estate
estate "$estate" 1 5 3 "$T/estate.db"
sshd_server "$(basename "$estate"/*.state .state)" ssh dhcp

screen_start 80x24 --db "$db" --ssh-config "$SSH_CONFIG"
screen_wait 'unknown host key'
screen_wait 'SHA256:'
screen_keys Enter # Refuse has the focus
screen_gone 'unknown host key'
screen_wait 'hostkey'
[ ! -s "$SSHD_DIR/known_hosts" ] || fail 'a refused key is not kept'
screen_keys R
screen_wait 'unknown host key'
screen_keys a
screen_gone 'unknown host key'
screen_wait 'Retrieved 1 server in'
screen_wait 'running'
grep -q "$(cut -d' ' -f2 "$SSHD_DIR/host.pub")" "$SSHD_DIR/known_hosts" || fail 'an accepted key is kept'
screen_keys Q
screen_ends 0

# A key file with a passphrase.
ssh-keygen -q -p -P '' -N 'open sesame' -f "$SSHD_DIR/id" >/dev/null
screen_start 80x24 --db "$db" --ssh-config "$SSH_CONFIG" --fresh
screen_wait 'passphrase'
screen_keys 'open sesame'
screen_wait '***********'
screen_has 'sesame' && screen_fail 'a passphrase is not shown'
screen_keys Enter
screen_wait 'Retrieved 1 server in'
screen_keys Q
screen_ends 0
