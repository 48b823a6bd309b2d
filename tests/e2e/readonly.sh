#!/bin/sh
# A database that this user may read and not write: every reading command works, nothing is written beside it; what cannot be read
# is said with the file, its owner and its mode. Run by root, the other user is nobody.
. "$(dirname "$0")/../lib/run.sh"
db=$T/shared/one.db
mkdir "$T/shared"
estate "$T/estate" 4 40 7 "$db"
run 0 --db "$db" retrieve
chmod 755 "$T" "$T/shared"
chmod 644 "$db"
cp "$IPAMTUI" "$T/ipamtui" # the build may lie where nobody may not go
chmod 755 "$T/ipamtui"

if [ "$(id -u)" = 0 ]; then
    other() { setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent "$@"; }
    owner=root
else
    other() { "$@"; }
    owner=$(id -un)
    chmod 444 "$db"
    chmod 555 "$T/shared"
fi
# as_other STATUS ARGS...
as_other() {
    want=$1
    shift
    got=0
    (cd / && other timeout 60 "$T/ipamtui" --db "$db" "$@") >"$out" 2>"$err" </dev/null || got=$?
    [ "$got" = "$want" ] || fail "ipamtui $* ends with $want (it did with $got)"
}

as_other 0 list scopes
lines 41
cp "$out" "$T/list"
for command in 'list servers' 'server list' 'server export' 'change list' 'list zones'; do
    # shellcheck disable=SC2086 # words of a command
    as_other 0 $command
done
as_other 0 server show "$("$IPAMTUI" --db "$db" list servers --columns server --format tsv | tail -n 1)"
got=0
(cd / && other "$T/ipamtui" --db "$db" status) >"$out" 2>"$err" </dev/null || got=$?
[ "$got" = 0 ] || [ "$got" = 4 ] || fail 'status works'
[ "$(ls -A "$T/shared")" = one.db ] || fail 'nothing is written beside the database'

# Writing is refused with owner and mode.
as_other 1 server add new --role dhcp
tells "belongs to $owner, mode 0"
as_other 1 retrieve
tells 'cannot be written by you'
[ "$(ls -A "$T/shared")" = one.db ] || fail 'nothing is written by a refusal'
[ "$owner" = root ] || exit 0

# While a writer is at it: through its files. What it has committed and not yet put into the file is seen.
python3 - "$db" "$T" <<'PYTHON' &
import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
db.execute("update server set address = 'changed.example' where id = 1")
db.commit()
open(sys.argv[2] + "/written", "w").close()
end = time.monotonic() + 30
while not os.path.exists(sys.argv[2] + "/seen") and time.monotonic() < end:
    time.sleep(0.05)
os._exit(0)  # as if killed: its files stay
PYTHON
writer=$!
for _ in $(seq 100); do [ -e "$T/written" ] && break; sleep 0.1; done
as_other 0 list servers changed.example
lines 2
touch "$T/seen"
wait $writer
as_other 0 list servers changed.example
lines 2
# Not all of it can be read: which file, whose it is.
chmod 600 "$db-wal"
as_other 1 list servers
tells "file -wal cannot be read by you (it belongs to root, mode 0600)"
chmod 644 "$db-wal"
rm "$db-shm"
as_other 1 list servers
tells 'its newest data is in the file -wal'
run 0 --db "$db" list servers # as it says
[ "$(ls -A "$T/shared")" = one.db ] || fail 'a reader who may write has put the journal into the file'
as_other 0 list servers changed.example
lines 2
chmod 600 "$db"
as_other 1 list servers
tells 'cannot be read by you (it belongs to root, mode 0600)'
# An older one cannot be brought up to date by a reader.
sql "$db" 'PRAGMA user_version = 1; PRAGMA wal_checkpoint(truncate)' >"$out"
chmod 644 "$db"
as_other 1 list servers
tells 'brought up to date'
# Only the folder: the file may be written, its journal not be made.
run 0 --db "$T/shared/two.db" server add x --role dhcp
chmod 666 "$T/shared/two.db"
db=$T/shared/two.db
as_other 0 list servers
lines 2
as_other 1 server remove x
tells "folder cannot be written by you (it belongs to root, mode 0755)"
chmod 700 "$T/shared"
as_other 1 list servers
tells 'Permission denied'
