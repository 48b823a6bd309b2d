#!/bin/sh
# T: the counters of the marked servers, or of a zone on its servers, are asked for in the background and shown; typing narrows them.
. "$(dirname "$0")/../lib/screen.sh"
db=$T/statistics.db
"$SIMHOST" make "$T/estate" --servers 3 --role dns --scopes 4 --zones 12 --seed 3 --clean >/dev/null
run 0 --db "$db" server import "$T/estate/servers.csv"
run 0 --db "$db" server add nowhere --role dns --transport command --command 'false'
run 3 --db "$db" retrieve --what service,dns
screen_start 100x30 --db "$db" --offline --pane servers
screen_wait 'nowhere'
screen_keys g g T
screen_wait 'Statistics: 1 of 1 server answered'
screen_has 'DNS server' || screen_fail 'what is counted'
screen_has 'Service started' || screen_fail 'the counters are shown'
screen_has '/s' || screen_fail 'with their rates'
screen_keys 'Recursion: f'
screen_wait 'Recursion: failures'
screen_gone 'Service started'
screen_keys Escape Escape A T
screen_wait 'Statistics: 3 of 4 servers answered'
screen_keys 'NXDOMAIN'
screen_wait '/s  dns-lon-01' # a line says whose it is
screen_gone 'Service started'
screen_keys Escape A T
screen_wait 'Statistics: 3 of 4 servers answered'
screen_keys 'FAILED'
screen_wait 'nowhere: FAILED: '
screen_keys Escape Escape 3
screen_wait 'corp.example.com'
screen_keys / _msdcs Enter g g T
screen_wait 'Statistics of the zone _msdcs.corp.example.com: 3 of 3 servers answered'
screen_has 'Queries received' || screen_fail 'the counters of the zone'
# What was asked for on demand does not count as retrieved, or as failed.
screen_has 'idle | cache' || screen_fail 'the strip says nothing of them'
# The Jobs pane has them as what they were.
screen_keys Escape 6
screen_wait 'Statistics'
screen_keys Q
screen_ends 0
