# change_estate.sh - for tests of changes: an estate of DHCP servers ($estate) that a database ($db) knows, and what it has, to be
# compared. Sourced after run.sh or screen.sh. The simulator plays the servers, or the engine of winhost.sh; they are reached by
# transport commands, or after sshd_estate over an sshd. $options are for every call of ipamtui.
estate=$T/estate
db=$T/change.db
options=
engine=
add_servers() { run 0 --db "$db" server import "$estate/servers.csv"; }
break_server() { "$SIMHOST" fault "$estate" "$1" 'down:no such luck'; }
mend_server() { "$SIMHOST" fault "$estate" "$1" none; }

# change_estate SERVERS SCOPES LATENCY_MS: made, all of it well, retrieved; what is asked is in $estate/*.calls.
change_estate() {
    "$SIMHOST" make "$estate" --servers "$1" --scopes "$2" --seed 11 --latency-ms "$3" --role dhcp --clean --log --even \
        ${engine:+--shape plain --command "$engine"} >/dev/null || fail 'the estate is made'
    add_servers
    run 0 $options --db "$db" retrieve --what dhcp
}
# What lies in the store; what went wrong is said elsewhere.
stored() { "$IPAMTUI" $options --db "$db" "$@" 2>/dev/null; }
server() { stored list servers --columns server --format tsv | sed -n "$(($1 + 1))p"; }            # its name, from 1
scope() { stored list scopes "server:$1" --columns scope --format tsv | sed -n "$(($2 + 1))p"; } # of a server, from 1
faults() { for state in "$estate"/*.state; do "$SIMHOST" fault "$estate" "$(basename "$state" .state)" "$1"; done; }
sent() { cat "$estate"/*.calls | grep -c " Set-${1:-}" || true; }

# The estate itself: now, and as it was when `remember` was said.
dump() { "$SIMHOST" dump "$estate" | grep -v '^SimHost'; }
remember() { dump >"$T/before"; }
was() { grep -F "DhcpServerv4Scope	ScopeId=$1	" "$T/before" | tr '\t' '\n' | sed -n "s/^$2=//p"; } # SCOPE PROPERTY
same_as_before() { # WHY
    dump >"$T/after"
    cmp -s "$T/before" "$T/after" || fail "$1: $(diff "$T/before" "$T/after" | head -4)"
}

# The plan on the screen, away: what is typed before a question was drawn does not answer it.
drop() {
    screen_keys D
    screen_wait 'of this plan? y/N'
    screen_keys y
}
