#!/bin/sh
# Wrong usage, places of files, exit statuses.
. "$(dirname "$0")/../lib/run.sh"

run 0 --version
says 'ipamtui '
run 0 --help
says 'ipamtui retrieve'
"$IPAMTUI" schema commands --format json >"$T/commands"
python3 -c 'import json, sys; print(*[r["subcommand"] for r in json.load(open(sys.argv[1]))][1:], sep="\n")' "$T/commands" >"$T/names"
[ "$(wc -l <"$T/names")" -gt 10 ] || fail 'subcommands are many'
while read -r command; do
    # shellcheck disable=SC2086 # two words are two words
    run 0 $command --help
    says "ipamtui $command"
    says '--db FILE'
done <"$T/names"
run 0 help server
says 'ipamtui server add'

run 2 lst
tells 'did you mean list?'
run 2 server ad
tells 'did you mean server add?'
run 2 server
tells 'ipamtui server add'
run 2 list
tells 'expected: ipamtui list'
run 2 list scops
tells 'did you mean scopes?'
run 2 list scopes --colums server
tells 'did you mean --columns?'
run 2 list scopes --columns servr
tells 'did you mean server?'
run 2 list scopes --sort nam
tells 'did you mean name?'
run 2 list scopes --format xml
tells 'expected table, csv, tsv or json'
run 2 list scopes --limit 0
tells '--limit: expected a number from 1 to '
run 2 set scopes '' delay=1 --stop-after x --yes # not "never"
tells '--stop-after: expected a number from 1 to '
run 2 set scopes '' delay=1 --per-server -1 --yes
tells '--per-server: expected a number from 1 to 64, not "-1"'
run 2 list scopes --limit
tells 'needs a value'
run 2 list scopes --raw=x
tells 'takes no value'
run 2 --columns x list scopes
run 2 retrieve --what dhpc
tells 'did you mean dhcp?'
run 2 demo --servers 0
run 2 demo
tells 'needs a terminal'
run 2
tells 'needs a terminal'

# Without --db: the XDG folders, private.
run 0 list servers
tells 'no servers yet'
[ "$(stat -c %a "$HOME/.local/share/ipamtui")" = 700 ] || fail 'the folder of the database is private'
[ "$(stat -c %a "$HOME/.local/share/ipamtui/ipamtui.db")" = 600 ] || fail 'the database is private'
export XDG_DATA_HOME="$T/data"
run 0 server add x --role dns
[ -f "$T/data/ipamtui/ipamtui.db" ] || fail 'XDG_DATA_HOME is used'
# A database that is named and not there is an error, not an empty list.
run 1 --db "$T/none.db" list servers
tells 'none.db'
printf 'not a database at all, but long enough to look at' >"$T/broken.db"
cp "$T/broken.db" "$T/before.db"
run 1 --db "$T/broken.db" list servers
tells 'broken.db'
cmp -s "$T/broken.db" "$T/before.db" || fail 'a damaged database is left as it is'

# The configuration: file, line, column, and what was meant.
mkdir -p "$HOME/.config/ipamtui"
printf 'max_hosts = 10;\nover_percnt = 90;\n' >"$HOME/.config/ipamtui/ipamtui.conf"
run 1 list servers
tells 'ipamtui.conf: line 2, column 1: there is no option "over_percnt"; did you mean over_percent?'
printf 'over_percent = 10;\n' >"$T/own.conf"
run 1 --config "$T/own.conf" list servers
tells 'own.conf: line 1, column 1: over_percent (10) may not be below under_percent (20)'
run 1 --config "$T/none.conf" list servers
tells 'there is no such file'
printf 'over_percent = 90;\n' >"$T/own.conf"
run 0 --config "$T/own.conf" list servers

# Output that cannot be written is an error; a reader that has seen enough is not.
"$IPAMTUI" --config "$T/own.conf" list servers >/dev/full 2>"$err" && fail 'a full disk is an error'
tells 'cannot be written'
