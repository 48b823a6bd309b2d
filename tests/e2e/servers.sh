#!/bin/sh
# The list of servers by the command line: add, set, show, remove, and what is refused.
. "$(dirname "$0")/../lib/run.sh"
db=$T/a.db

run 0 --db "$db" server add lon-1 --role dhcp,dns --address lon-1.example
silent
run 0 --db "$db" server add lon-2 --role dhcp --transport command --command 'prog "a b"' --group lab
run 0 --db "$db" list servers --columns server,role,address,transport,command,group --format csv
is "$(printf 'server,role,address,transport,command,group\r\nlon-1,"dhcp,dns",lon-1.example,,,\r\nlon-2,dhcp,,command,"prog ""a b""",lab\r')"

# Unknown is null, never 0.
run 0 --db "$db" list servers --columns server,reachable,scope_count,util,last_seen,error --format json --limit 1
is '[
{"server":"lon-1","reachable":null,"scope_count":null,"util":null,"last_seen":null,"error":null}
]'

# What is refused, and how.
run 1 --db "$db" server add LON-1 --role dhcp
tells 'there is a server of this name already'
run 2 --db "$db" server add lon-3
tells 'a server needs a role'
run 2 --db "$db" server add lon-3 --role dhpc
tells 'role'
run 2 --db "$db" server add lon-3 --role dns --transport command
tells "needs command='PROGRAM ARGS'"
run 2 --db "$db" server add lon-3 --rol dns
tells 'did you mean --role?'
run 2 --db "$db" server add lon-3 --role dns --address -oProxyCommand=x
tells 'may not start with a dash'
run 2 --db "$db" server add "$(printf 'a\033[31mb')" --role dns
tells 'control characters'
run 2 --db "$db" server set lon-1 adress=x
tells 'did you mean address?'
run 2 --db "$db" server set lon-1 reachable=yes
tells 'what the server reports'
run 2 --db "$db" server set lon-1 port=70000
tells 'between 1 and 65535'
run 2 --db "$db" server set lon-1 port
tells 'expected KEY=VALUE'
run 1 --db "$db" server set lon-9 port=22
tells 'did you mean lon-'
run 0 --db "$db" server list --columns server --format tsv
is "$(printf 'server\nlon-1\nlon-2')"

# Two settings at once are both made or none.
run 2 --db "$db" server set lon-1 port=2222 user=-x
run 0 --db "$db" server list --columns port,user --format csv --limit 1
is "$(printf 'port,user\r\n,\r')"
run 0 --db "$db" server set lon-1 port=2222 user=bob name=lon-one
run 0 --db "$db" server show lon-one
says 'bob'
says 'never tried'
run 0 --db "$db" server set lon-one user=
run 0 --db "$db" server show lon-one --format json
says '"user":null'
says '"port":2222'

# How often it is verified, if not as all are.
run 0 --db "$db" server set lon-one verify_service=5m verify_zones=never verify_utilization=0 verify_configuration=1d
run 0 --db "$db" server show lon-one
grep -Eq '^ *[Vv]erify.*5m$' "$out" || fail 'the interval is shown'
run 0 --db "$db" list servers --columns verify_service,verify_utilization,verify_zones,verify_configuration --format csv server:lon-one
says '300,0,0,86400'
run 2 --db "$db" server set lon-one verify_service=often
tells 'verify_service'
run 2 --db "$db" server set lon-one verify_service=-5m
run 2 --db "$db" server set lon-one verify_service=unlimited
tells 'at most 365d, or never'
run 2 --db "$db" server set lon-one verify_zones=900d
run 0 --db "$db" server set lon-one verify_service=
run 0 --db "$db" server show lon-one --format json
says '"verify_service":null'

run 1 --db "$db" server remove lon-one lon-8
tells 'no such server'
run 0 --db "$db" server list --columns server --format tsv
lines 3
run 0 --db "$db" server remove lon-one lon-2
run 0 --db "$db" server list
tells 'no servers yet'

# A folder that was named and is not there is a typing error; nothing is made.
run 1 --db "$T/typo/x.db" server add m-1 --role dhcp
tells "the folder $T/typo does not exist"
[ ! -e "$T/typo" ]
# A file that was open to all is for its owner only from then on; one that is no database stays as it is.
: >"$T/open.db"
chmod 644 "$T/open.db"
run 0 --db "$T/open.db" server add m-1 --role dhcp
[ "$(stat -c %a "$T/open.db")" = 600 ]
run 0 --db "$T/open.db" server show m-1
says 'nothing yet'
echo 'no database, only some words in a file' >"$T/words.db"
chmod 644 "$T/words.db"
run 1 --db "$T/words.db" server add m-1 --role dhcp
[ "$(stat -c %a "$T/words.db")" = 644 ]
run 1 --db "$T" list scopes
