#!/bin/sh
# The same estate through a real sshd on loopback: libssh2 and the ssh program, and what is refused.
. "$(dirname "$0")/../lib/run.sh"
. "$SOURCE/tests/lib/sshd.sh"
estate=$T/estate
db=$T/ssh.db
sshd_prepare
sshd_start

estate "$estate" 4 40 2 "$T/estate.db"
names=$(for state in "$estate"/*.state; do basename "$state" .state; done)
kind=ssh
for name in $names; do
    role=dhcp
    case $name in dns-*) role=dns ;; esac
    sshd_server "$name" $kind $role
    [ $kind = ssh ] && kind=openssh || kind=ssh
done

run 0 --db "$db" --ssh-config "$SSH_CONFIG" retrieve
says '4 of 4 servers in'
run 0 --db "$db" list scopes --columns server --format tsv
lines 41
silent
run 0 --db "$db" list servers --columns server,path --format tsv
says 'ssh'
set -- $names
run 0 --db "$db" --ssh-config "$SSH_CONFIG" server test "$1" "$2"
for step in 'ssh configuration' 'name lookup' 'TCP connection' 'key exchange' 'host key' 'login' 'remote program'; do
    says "$step"
done
says ', key file'
says 'Everything that is needed works.'
# Each jump host is a step of its own, with its time, whoever carries us.
for name in "$1" "$2"; do
    run 0 --db "$db" server set "$name" jump=first,second
    run 0 --db "$db" --ssh-config "$SSH_CONFIG" server test "$name"
    [ "$(grep -cE '^  ok +jump host [a-z0-9.]+ +[0-9.]+ ms$' "$out")" = 2 ] || fail "$name: two jump hosts, each with its time"
    says 'through first,second, '
    run 0 --db "$db" --ssh-config "$SSH_CONFIG" server test "$name" --format json
    [ "$(grep -c '"ms": .*"step": "jump host ' "$out")" = 2 ] || fail "$name: the same as json"
    run 0 --db "$db" server set "$name" jump=
done

# More hosts than ssh programs may run: each that is done with makes room for the next.
for name in $names; do
    run 0 --db "$db" server set "$name" transport=openssh
done
echo 'max_ssh_programs = 1;' >"$T/few.conf"
run 0 --db "$db" --ssh-config "$SSH_CONFIG" --config "$T/few.conf" retrieve
says '4 of 4 servers in'

# A test that is stopped (as the console does with it) ends the ssh that leads to the host, and leaves no folder behind.
run 0 --db "$db" server add silent --role dhcp --transport openssh --powershell 'cat >/dev/null'
mkdir -m 700 "$T/run"
XDG_RUNTIME_DIR=$T/run "$IPAMTUI" --db "$db" --ssh-config "$SSH_CONFIG" server test silent >"$out" 2>"$err" </dev/null &
testing=$!
for _ in $(seq 200); do
    grep -q 'ok .*remote program' "$out" && break
    sleep 0.05
done
pgrep -f -- "$T/run/" >/dev/null || fail 'an ssh program leads there'
kill "$testing"
got=0
wait "$testing" || got=$?
[ "$got" = 3 ] || fail "one that is stopped ends with 3, not $got"
says 'stopped'
[ -z "$(ls -A "$T/run")" ] || fail 'its folder is gone'
pgrep -f -- "$T/run/" && fail 'its ssh programs are gone'
run 0 --db "$db" server remove silent

# A key that the host does not know.
cp "$SSHD_DIR/other.pub" "$SSHD_DIR/authorized_keys"
run 3 --db "$db" --ssh-config "$SSH_CONFIG" retrieve
says '4 failed'
run 3 --db "$db" --ssh-config "$SSH_CONFIG" server test "$1"
says 'FAILED'
says 'authorized_keys'
cp "$SSHD_DIR/id.pub" "$SSHD_DIR/authorized_keys"

# A host key that nobody knows is refused without a terminal, a changed one always.
cp "$SSHD_DIR/known_hosts" "$SSHD_DIR/known_hosts.good"
: >"$SSHD_DIR/known_hosts"
run 3 --db "$db" --ssh-config "$SSH_CONFIG" retrieve
says '4 failed'
[ ! -s "$SSHD_DIR/known_hosts" ] || fail 'no key is learnt without being asked about'
echo "[127.0.0.1]:$sshd_port $(cut -d' ' -f1,2 "$SSHD_DIR/other.pub")" >"$SSHD_DIR/known_hosts"
run 3 --db "$db" --ssh-config "$SSH_CONFIG" retrieve
says '4 failed'
run 3 --db "$db" --ssh-config "$SSH_CONFIG" server test "$1"
says 'host key'
cp "$SSHD_DIR/known_hosts.good" "$SSHD_DIR/known_hosts"

# Nobody there: refused, said so, and the data of before stays.
sshd_stop
run 3 --db "$db" --ssh-config "$SSH_CONFIG" retrieve
says '4 failed'
run 0 --db "$db" list scopes --columns server --format tsv
lines 41
tells 'missing or old'
run 0 --db "$db" list servers reachable:no --columns server --format tsv
lines 5

# A server that does not say how it is reached: a change says so as well.
echo 'transport = "command";' >"$T/command.conf"
run 0 --db "$db" server set "$1" transport=
run 3 --db "$db" --config "$T/command.conf" set scopes "server:$1" lease_duration=3d --yes
says "transport command needs a program: server set $1 command="
