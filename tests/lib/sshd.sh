# sshd.sh - a real OpenSSH server for tests of the command line: on loopback, an unprivileged port, throw-away keys. Sourced after
# run.sh. Everything lies in $T/ssh; nobody's ~/.ssh is read or written. $SSH_CONFIG is for --ssh-config.
SSHD_DIR=$T/ssh
SSH_CONFIG=$SSHD_DIR/ssh_config
sshd_pids=
command -v sshd >/dev/null || [ -x /usr/sbin/sshd ] || { echo "there is no sshd here"; exit 77; }
at_exit="sshd_stop; $at_exit"

sshd_stop() {
    for pid in $sshd_pids; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    sshd_pids=
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Once: the keys and the client's configuration. Every host name leads to the server.
sshd_prepare() {
    mkdir -p "$SSHD_DIR"
    chmod 700 "$SSHD_DIR"
    ssh-keygen -q -t ed25519 -N '' -C test -f "$SSHD_DIR/id"
    ssh-keygen -q -t ed25519 -N '' -C other -f "$SSHD_DIR/other"
    ssh-keygen -q -t ed25519 -N '' -C host -f "$SSHD_DIR/host"
    cp "$SSHD_DIR/id.pub" "$SSHD_DIR/authorized_keys"
    sshd_port=$(free_port)
    cat >"$SSHD_DIR/sshd_config" <<END
ListenAddress 127.0.0.1
Port $sshd_port
HostKey $SSHD_DIR/host
AuthorizedKeysFile $SSHD_DIR/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PermitUserEnvironment no
MaxStartups 100
END
    cat >"$SSH_CONFIG" <<END
Host *
    HostName 127.0.0.1
    Port $sshd_port
    User $(id -un)
    IdentityFile $SSHD_DIR/id
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile $SSHD_DIR/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    LogLevel ERROR
END
    echo "[127.0.0.1]:$sshd_port $(cut -d' ' -f1,2 "$SSHD_DIR/host.pub")" >"$SSHD_DIR/known_hosts"
    unset SSH_AUTH_SOCK SSH_ASKPASS || true
    [ "$(id -u)" != 0 ] || mkdir -p /run/sshd
}

sshd_start() {
    "$(command -v sshd || echo /usr/sbin/sshd)" -D -f "$SSHD_DIR/sshd_config" -E "$SSHD_DIR/log" &
    sshd_pids="$sshd_pids $!"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        python3 -c "import socket; socket.create_connection(('127.0.0.1', $sshd_port), 1).close()" 2>/dev/null && return 0
        sleep 0.25
    done
    echo "sshd does not answer"
    tail -5 "$SSHD_DIR/log"
    exit 1
}

# sshd_server NAME KIND ROLE: one of $estate into $db, reached over the server here by that kind of transport.
sshd_server() { run 0 --db "$db" server add "$1" --role "$3" --transport "$2" --powershell "$(sshd_command "$1")"; }
sshd_command() { echo "${engine:-$SIMHOST serve} $estate $1"; } # what answers there
# After change_estate.sh: its servers are reached over the server here, by libssh2 and by the ssh program in turn.
sshd_estate() {
    sshd_prepare
    sshd_start
    options="--ssh-config $SSH_CONFIG"
    add_servers() {
        kind=ssh
        for state in "$estate"/*.state; do
            sshd_server "$(basename "$state" .state)" $kind dhcp
            [ $kind = ssh ] && kind=openssh || kind=ssh
        done
    }
    break_server() { run 0 --db "$db" server set "$1" 'powershell=echo no such luck'; }
    mend_server() { run 0 --db "$db" server set "$1" "powershell=$(sshd_command "$1")"; }
}
# From now on nobody knows the host's key, and one is asked.
sshd_unknown_host() {
    sed -i 's/StrictHostKeyChecking yes/StrictHostKeyChecking ask/' "$SSH_CONFIG"
    : >"$SSHD_DIR/known_hosts"
}
