#!/bin/sh
# Who answers: a machine under two entries of the list is noticed and counted once; one that was renamed or installed anew is noticed.
. "$(dirname "$0")/../lib/run.sh"
estate=$T/estate
db=$T/identity.db
"$SIMHOST" make "$estate" --servers 2 --role both --scopes 20 --zones 12 --zone-copies 2 --seed 5 --clean --even >/dev/null
run 0 --db "$db" server import "$estate/servers.csv"
one=$("$IPAMTUI" --db "$db" list servers --columns server --format tsv | sed -n 2p)
two=$("$IPAMTUI" --db "$db" list servers --columns server --format tsv | sed -n 3p)

run 0 --db "$db" retrieve
run 0 --db "$db" list servers "server:$one" --columns computer,domain,same_as,duplicate,error --format csv
grep -Eq '^[A-Z0-9-]+,[a-z.]+,,no,.$' "$out" || fail 'the machine says who it is, and is no other one'
scopes=$("$IPAMTUI" --db "$db" list scopes --format tsv | wc -l)
zones=$("$IPAMTUI" --db "$db" list zoneservers --format tsv | wc -l)
[ "$scopes" = 21 ] && [ "$zones" -gt 20 ] || fail 'scopes and zones are there'

# The same machine again, by another name: told on both, its scopes and zones stay those of the older entry.
run 0 --db "$db" server add again --role dhcp,dns --transport command --command "$SIMHOST serve $estate $one"
run 0 --db "$db" retrieve
run 0 --db "$db" list servers "same_as:*" --columns server,same_as,duplicate,scope_count --format csv
grep -q "^again,$one,yes,.\$" "$out" || fail 'the newer entry is a duplicate, its scopes are not counted'
grep -q "^$one,again,no,10" "$out" || fail 'the older entry has its scopes'
run 0 --db "$db" server show again
says "the same machine as $one, which has its scopes and zones"
run 0 --db "$db" list servers "server:$one" --columns error,same_as --format csv
grep -q '^,again' "$out" || fail 'the older entry is well'
lists_same() {
    [ "$("$IPAMTUI" --db "$db" list scopes --format tsv | wc -l)" = "$scopes" ] || fail "scopes are there once: $1"
    [ "$("$IPAMTUI" --db "$db" list zoneservers --format tsv | wc -l)" = "$zones" ] || fail "zones are there once: $1"
}
lists_same 'after the first round'
run 4 --db "$db" status
grep -Eq '^! servers +duplicate +1 +yes' "$out" || fail 'the status says so'
run 0 --db "$db" list scopes
silent # a duplicate lacks nothing
# It is not asked for them either.
"$SIMHOST" log "$estate" "$one" on
run 0 --db "$db" retrieve --what dhcp,dns server:again
"$SIMHOST" log "$estate" "$one" off
[ -s "$estate/$one.calls" ] || fail 'what it is asked is in the log'
! grep -q 'Scope\|Zone' "$estate/$one.calls" || fail 'a duplicate is not asked for scopes and zones'
run 0 --db "$db" retrieve
lists_same 'after another round'

# A duplicate for another role than the other entry's is none: each has its own.
run 0 --db "$db" server set again role=dns
run 0 --db "$db" server set "$one" role=dhcp
run 0 --db "$db" retrieve
run 0 --db "$db" list servers server:again --columns same_as,duplicate --format csv
says "$one,"
says_not yes
[ "$("$IPAMTUI" --db "$db" list zoneservers server:again --format tsv | wc -l)" -gt 5 ] || fail 'its zones are there'
run 0 --db "$db" server set again role=dhcp,dns
run 0 --db "$db" server set "$one" role=dhcp,dns

# The one that has them does not answer any more, the other one does: it takes over what is known, and what was set by hand.
run 0 --db "$db" retrieve
scope=$("$IPAMTUI" --db "$db" list scopes "server:$one" --columns scope --format tsv | sed -n 2p)
run 0 --db "$db" scope level "server:$one scope:$scope" --over 93
command=$("$IPAMTUI" --db "$db" list servers "server:$one" --columns command --format tsv | sed -n 2p)
run 0 --db "$db" server set "$one" "command=$T/nowhere"
run 3 --db "$db" retrieve --what service
run 3 --db "$db" retrieve
run 0 --db "$db" list servers "same_as:*" --columns server,same_as,duplicate,scope_count --format csv
grep -q "^again,$one,no,10" "$out" || fail 'the one that answers has taken over'
grep -q "^$one,again,yes,.\$" "$out" || fail 'the one that does not has them no more'
lists_same 'after another one has taken over'
run 0 --db "$db" list scopes over=93 --columns server,scope --format tsv
says "again	$scope"
run 0 --db "$db" server set "$one" "command=$command"
run 0 --db "$db" retrieve
lists_same 'the first one is back'

# Each role for itself: an entry for DHCP only keeps the scopes that it took over, with what was set by hand; the zones go to the one for
# both. Nothing is lost on the way back.
scopes_are_at() {
    run 0 --db "$db" list scopes "server:$1 over=93" --columns server,scope --format tsv
    says "$1	$scope"
    lists_same "$2"
}
run 0 --db "$db" server set again role=dhcp
run 0 --db "$db" retrieve
run 0 --db "$db" retrieve
scopes_are_at again 'an entry is for DHCP only'
[ "$("$IPAMTUI" --db "$db" list zoneservers "server:$one" --format tsv | wc -l)" -gt 5 ] || fail 'the zones are at the one for DNS'
run 0 --db "$db" server show "$one"
says "the same machine as again, which has its scopes"
says_not 'scopes and zones'
run 0 --db "$db" server set "$one" role=dns
run 0 --db "$db" retrieve
run 0 --db "$db" server set "$one" role=dhcp,dns
run 0 --db "$db" retrieve
run 0 --db "$db" retrieve
scopes_are_at again 'the other one was given a role'
run 0 --db "$db" server set again role=dns
run 0 --db "$db" retrieve
scopes_are_at "$one" 'a role was taken from the one that had the scopes'
run 0 --db "$db" server set again role=dhcp,dns

# What protects the machine does so under each of its entries.
run 0 --db "$db" server set again read_only=yes label=PROD ask=typed
run 0 --db "$db" list servers "label:prod ask:typed read_only:yes" --columns server --format tsv
says "$one"
run 3 --db "$db" set scopes "server:$one scope:$scope" delay=7 --yes
says "the server, or another entry of the same machine (again), is set to read-only here"
run 0 --db "$db" server set again read_only=no
run 0 --db "$db" set scopes "server:$one scope:$scope" delay=7 --dry-run
says "PROD: $one"
says "ask=typed: $one"
run 0 --db "$db" server set again label= ask=

# Without the other entry it has everything itself.
run 0 --db "$db" retrieve
scopes_are_at "$one" 'before the older entry is gone'
run 0 --db "$db" server remove "$one"
scopes_are_at again 'the older entry is gone'
run 0 --db "$db" retrieve
scopes_are_at again 'the older entry is gone, and the other one was asked'
run 0 --db "$db" list servers server:again --columns same_as,duplicate,scope_count --format csv
says ',no,10'
lists_same 'the older entry is gone'

# Renamed, and installed anew: changes with their time.
"$SIMHOST" set "$estate" "$two" host Computer NEWNAME
run 0 --db "$db" retrieve --what service
"$IPAMTUI" --db "$db" status >"$out" 2>"$err" || true
says "$two computer: "
says '-> NEWNAME'
"$SIMHOST" set "$estate" "$two" host MachineGuid 11111111-2222-4333-8444-555555555555
run 0 --db "$db" retrieve --what service
"$IPAMTUI" --db "$db" status >"$out" 2>"$err" || true
says '-> 11111111-2222-4333-8444-555555555555'
run 0 --db "$db" list servers "server:$two" --columns computer,machine,same_as,error --format csv
says 'NEWNAME,11111111-2222-4333-8444-555555555555,,'
