# run.sh - for tests of the command line: a folder of their own ($T), a home in it, and a few words to say what must be.
# A test is a script that sources this; the first thing that is not so ends it with status 1.
set -eu
SOURCE=${SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILD=${BUILD:-$SOURCE/build}
IPAMTUI=${IPAMTUI:-$BUILD/ipamtui}
export IPAMTUI_SIMHOST="${IPAMTUI_SIMHOST:-$BUILD/simhost}" IPAMTUI_DATA_DIR="${IPAMTUI_DATA_DIR:-$SOURCE}"
SIMHOST=$IPAMTUI_SIMHOST
T=$(mktemp -d)
# What a script starts it stops by `at_exit="COMMAND; $at_exit"`: there is one trap. A folder may be read-only by then, and what has
# just been told to end may write a last file.
at_exit=
run_end() {
    eval "$at_exit"
    chmod -R u+rwx "$T" 2>/dev/null || true
    rm -rf "$T" 2>/dev/null || { sleep 1 && rm -rf "$T"; }
}
trap run_end EXIT
trap 'exit 130' INT TERM HUP
export HOME="$T/home" LC_ALL=C.UTF-8 TZ=UTC
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME NO_COLOR COLUMNS || true
mkdir -p "$HOME"
out=$T/stdout err=$T/stderr

fail() {
    echo "not so: $*"
    [ ! -s "$out" ] || sed 's/^/  stdout: /' "$out" | head -40
    [ ! -s "$err" ] || sed 's/^/  stderr: /' "$err" | head -40
    exit 1
}
# run STATUS ARGS...: ipamtui must end with that status. Its output is in $out and $err.
run() {
    want=$1
    shift
    got=0
    timeout 120 "$IPAMTUI" "$@" >"$out" 2>"$err" </dev/null || got=$?
    [ "$got" = "$want" ] || fail "ipamtui $* ends with $want (it did with $got)"
}
# The output holds this text (grep -F) / does not / is exactly this.
says() { grep -qF -- "$1" "$out" || fail "stdout says \"$1\""; }
tells() { grep -qF -- "$1" "$err" || fail "stderr says \"$1\""; }
silent() { [ ! -s "$err" ] || fail "stderr says nothing"; }
says_not() { ! grep -qF -- "$1" "$out" || fail "stdout does not say \"$1\""; }
is() { [ "$(cat "$out")" = "$1" ] || fail "stdout is \"$1\""; }
lines() { [ "$(wc -l <"$out")" = "$1" ] || fail "stdout has $1 lines, not $(wc -l <"$out")"; }

# sql DB QUERY: on its own connection, waiting for a writer.
sql() { sqlite3 -cmd '.timeout 10000' "$1" "PRAGMA foreign_keys = ON; $2"; }

# estate DIR SERVERS SCOPES SEED DB: simulated servers, all of them well, in DIR; a database that has them in DB.
estate() {
    "$SIMHOST" make "$1" --servers "$2" --scopes "$3" --seed "$4" --clean >/dev/null || fail "the estate is made"
    run 0 --db "$5" server import "$1/servers.csv"
}
# estate_with_failures DB: four servers that are well, one whose program is no PowerShell, and one whose program there is not.
estate_with_failures() {
    estate "$T/estate" 4 20 7 "$1"
    run 0 --db "$1" server add broken --role dhcp --address broken --transport command --command 'echo hello'
    run 0 --db "$1" server add gone --role dhcp --address gone --transport command --command '/nonexistent/program'
}
