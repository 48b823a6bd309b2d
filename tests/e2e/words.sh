#!/bin/sh
# Plain words find what the columns show: durations, percentages, numbers, states; and only in the columns that were asked for.
. "$(dirname "$0")/../lib/run.sh"
db=$T/one.db
estate "$T/estate" 6 120 7 "$db"
run 0 --db "$db" retrieve

# The same rows as the field's own comparison.
same() { # WORD QUERY COLUMNS
    run 0 --db "$db" list scopes "$2" --columns "$3" --format tsv
    [ "$(wc -l <"$out")" -gt 1 ] || fail "some scopes are $2"
    cp "$out" "$T/expected"
    run 0 --db "$db" list scopes "$1" --columns "$3" --format tsv
    cmp -s "$out" "$T/expected" || fail "\"$1\" finds what $2 finds"
}
same 8d lease_duration:8d scope,lease_duration
same 8D lease_duration:8d scope,lease_duration
same inactive state:inactive scope,state
same '"over"' level:over scope,level
percent=$("$IPAMTUI" --db "$db" list scopes 'util:20..80' --columns util --limit 1 | tail -n 1 | tr -d ' ')
same "$percent" "util:$percent" scope,util
free=$("$IPAMTUI" --db "$db" list scopes 'free>100' --columns free --limit 1 --format tsv | tail -n 1)
run 0 --db "$db" list scopes "$free" --columns free --format tsv
sed 1d "$out" | grep -qv "$free" && fail "every row found shows $free"
says "$free"
last=$("$IPAMTUI" --db "$db" list scopes --columns end --limit 1 --format tsv | tail -n 1)
run 0 --db "$db" list scopes "$last"
lines 2

# Both words, in different columns; what is not named is not searched, and that is said.
same '8d inactive' 'lease_duration:8d state:inactive' scope,lease_duration,state
run 0 --db "$db" list scopes 8d --columns server,scope
tells 'looked for in the columns of --columns'
[ "$(wc -l <"$out")" -le 1 ] || fail 'no row shows it'

# Without --columns: the same rows in every format and width.
run 0 --db "$db" list scopes 8d
rows=$(($(wc -l <"$out") - 1))
[ "$rows" -gt 0 ] || fail '8d finds scopes'
for format in csv tsv; do
    run 0 --db "$db" list scopes 8d --format $format
    lines $((rows + 1))
done
COLUMNS=200 "$IPAMTUI" --db "$db" list scopes 8d >"$out"
lines $((rows + 1))

# Servers: counters, times in full.
count=$("$IPAMTUI" --db "$db" list servers --columns scope_count --limit 1 --format tsv | tail -n 1)
run 0 --db "$db" list servers "$count" --columns scope_count --format tsv
says "$count"
run 0 --db "$db" list servers "$(date -u +%Y-)" --columns server,last_seen --format tsv
[ "$(wc -l <"$out")" -gt 1 ] || fail 'a year is found in the time a server was seen'
