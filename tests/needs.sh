#!/bin/sh
# Installs the Debian packages that are missing, saying which: `needs.sh run` to build and run, `needs.sh check` for the tests too.
set -eu
run="gcc make pkg-config libncurses-dev libsqlite3-dev libssh2-1-dev libxml2-dev libconfig-dev libssl-dev openssh-client"
check="libcmocka-dev openssh-server tmux procps sqlite3 python3"
want=$run
[ "${1:-run}" = check ] && want="$run $check"
missing=
for p in $want; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "ipamtui needs these packages (Debian names):$missing" >&2
    echo "There is no apt-get here: install them with your system's package manager and try again." >&2
    exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "ipamtui needs these packages; install them as root: apt-get install$missing" >&2
        exit 1
    fi
    sudo=sudo
fi
echo "Installing Debian packages:$missing"
# The list may be old or absent on a fresh machine.
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 || {
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}
