#!/bin/sh
# The edit form by keys: every kind of field, what is mixed, what is impossible on some targets and why, exclusions over all scopes,
# servers that may not be changed, one property without the form, the latest edit again.
. "$(dirname "$0")/../lib/screen.sh"
. "$SOURCE/tests/lib/change_estate.sh"
change_estate 3 30 20
a=$(server 1)
for n in 2 3; do "$SIMHOST" set "$estate" "$a" "$(scope "$a" $n)" State InActive; done
run 0 --db "$db" retrieve --what dhcp
size=${1:-80x24}

# field NAME: goes to it, from the first one.
field() {
    screen_keys Home
    for _ in $(seq 20); do
        screen_now | grep -q "^> *$1" && return 0
        screen_keys Down
        sleep 0.02
    done
    screen_fail "there is a field $1"
}
shown() { screen_wait "plan: $1"; }
reset() {
    screen_keys Home C-r
    screen_wait 'nothing is changed yet'
}

screen_scopes "$size"
screen_keys A e
screen_wait 'edit 30 scopes'
screen_wait 'name, mixed: '
[ "$size" != 80x24 ] || screen_has 'F1 Keys Tab Next Space Do C-u Leave C-r Reset PgDn Plan Enter Plan it Esc Close' || screen_fail 'all keys of the form are said'
screen_keys F1
screen_wait 'Keys of the form'
screen_wait 'Begin the new value'
screen_keys Escape
screen_gone 'Keys of the form'

# ---- text: replaced, in front, behind, within, cleared
field description
screen_keys 'new words'
shown '30 changes on 30 targets'
screen_wait '-> "new words"'
screen_keys BTab Space
screen_wait 'add      [new words'
screen_wait 'new words"'
screen_keys Space
screen_wait 'in front [new words'
screen_keys Space
screen_wait 'write old -> new, or /old/new/'
screen_keys Tab C-u 'VLAN -> Vlan'
screen_wait ' -> "Vlan '
screen_keys BTab Space
screen_wait 'clear'
screen_wait '-> (empty)'
reset

# ---- words: by Space and by their first letter; those that have it already are left out, and it is said how many
field state
screen_keys i
screen_wait 'set       inactive'
screen_wait 'already so'
screen_keys Space
screen_wait 'nothing is changed yet'
screen_keys Space
screen_wait 'set       active'
field name_protection
screen_keys y
screen_wait 'set       yes'
field dynamic_updates
screen_keys n
screen_wait 'set       never'
reset

# ---- numbers, durations, addresses: what no target can have, and what some cannot
field lease_duration
screen_keys 0s
screen_wait 'lease_duration is between'
screen_keys C-u unlimited
screen_wait '-> unlimited'
screen_keys C-u 3
screen_wait '"3" needs a unit'
screen_keys C-u C-u
field delay
screen_keys 65536
screen_wait 'between'
screen_keys C-u 20
screen_match 'delay .*-> 20'
reset
field end
screen_keys .0
screen_wait 'own number'
shown 'nothing to do; 30 refused'
screen_keys C-u 10.0.0.200
screen_wait 'outside the network'
screen_keys C-u .1
screen_wait 'would end'
reset

# ---- exclusions: over all marked scopes
field exclusion
screen_wait 'add, replace or remove one in every scope'
screen_keys .5-.250
screen_wait 'lies outside the'
screen_keys C-u .20-.15
screen_wait 'ends before it begins'
screen_keys C-u .200-.201
screen_wait '.200-10.0.'
screen_wait ' refused'
screen_keys Enter
screen_wait 'Plan › pending: add exclusion .200-.201 on 30 scopes'
added=$(screen_row 3 | awk '{ print $1 }')
[ "$added" -gt 3 ] || screen_fail 'some scopes have room for it'
screen_keys w
screen_wait "Apply $added changes on"
screen_keys y
screen_wait "Change 1: $added done"
[ "$(dump | grep -c 'StartRange=[0-9.]*\.200	')" -ge "$added" ] || fail 'the servers have the exclusions'
# Found and replaced in all of them, then taken away again.
screen_keys 2
screen_wait 'Scopes › all'
screen_keys A ':' 'exclusion-replace .200-.201 .200-.203' Enter
screen_wait "planned for $added of 30"
screen_wait 'it does not apply to'
screen_keys e
screen_wait 'edit 30 scopes'
field exclusion
screen_keys Space
screen_wait 'add      ['
screen_keys Space
screen_wait 'replace  ['
screen_keys '.200-.203 -> .200-.202'
screen_wait '.200-10.0'
screen_keys Enter
screen_wait '.200-10.0.16.202' # the second edit amends the first
screen_has '.200-10.0.16.203' && screen_fail 'the second edit amends the first'
screen_keys w
screen_wait 'Type the number of objects'
screen_keys "$added" Enter
screen_wait 'Change 2: '
screen_wait ' done'
screen_keys 2
screen_wait 'Scopes › all'
screen_keys A c x d
screen_wait 'Remove from 30 scopes (a range, or all):'
screen_keys .200-.202 Enter
screen_wait "planned for $added of 30"
screen_keys w
screen_wait '- 10.0.'
drop
screen_wait 'The plan is dropped; nothing was sent'
screen_keys q
screen_wait 'Scopes › all'

# ---- a server that may not be changed
run 0 --db "$db" server set "$a" read_only=yes
screen_keys e
screen_wait 'edit 30 scopes'
field delay
screen_keys 7
screen_wait 'the server is set to read-only here'
shown '20 changes on 20 targets, 2 servers, 20 calls; 10 refused'
screen_keys Enter
screen_wait 'planned for 20 of 30, 10 refused'
screen_keys w
screen_wait 'Apply 20 changes on 2 servers'
screen_wait '10 refused: they are not sent.'
screen_keys Escape
screen_wait 'Nothing was sent; the plan is kept'
drop
screen_wait 'The plan is dropped'
run 0 --db "$db" server set "$a" read_only=no

# ---- activated where that means something, and said; the latest edit again on another row
screen_keys q
screen_wait 'Scopes › all'
screen_keys ':' activate Enter
screen_wait 'set state=active: planned for 2 of 30, 28 already so (w shows the plan)'
screen_wait '5 Changes:2'
screen_keys u
screen_gone '5 Changes:2'
# Of two properties one is so already nearly everywhere: it is planned for every scope that gets the other.
screen_keys e
screen_wait 'edit 30 scopes'
field state
screen_keys a
screen_wait 'set       active'
field delay
screen_keys 21
shown '32 changes on 30 targets'
screen_keys Enter
screen_wait 'set delay=21: planned for 30 of 30'
drop
screen_wait 'The plan is dropped'
screen_keys q
screen_wait 'Scopes › all'
screen_keys U g g c d
screen_wait 'description of 1 scope:'
screen_keys C-u 'by hand' Enter
screen_wait 'planned for 1 of 1'
screen_keys j .
screen_wait '5 Changes:2'
screen_wait '> ~10.0.' # a row with changes has a sign, and its preview says which
screen_wait 'Pending  ~ description (empty) -> "by hand"'
# ---- exclusions in their own list: taken away, changed, added to the scope they belong to
screen_keys w
drop
screen_wait 'The plan is dropped'
screen_keys q g g g x
screen_wait '[Exclusions]'
screen_wait '10.0.16.200'
screen_keys d d
screen_wait 'remove exclusions: planned for 1 of 1 (w shows the plan)'
screen_wait '> -10.0.16.0'
screen_keys j . # said of rows themselves: of this one now
screen_wait '5 Changes:2'
screen_keys u
screen_gone '5 Changes:2'
screen_keys u e
screen_wait 'New range for 1 exclusion:'
screen_keys .200-.209 Enter
screen_wait 'planned for 1 of 1'
screen_wait '5 Changes:2' # one removed, one added in its place
screen_keys a
screen_wait 'Exclude in the scopes of 1 exclusion (.10-.20):'
screen_keys .210-.211 Enter
screen_wait '5 Changes:3'
screen_keys w
screen_wait '+ 10.0.16.0 FRA'
drop
screen_wait 'The plan is dropped'

# ---- one property by its key: what cannot be is said while it is typed; words are completed
screen_keys 2
screen_wait 'Scopes › '
screen_keys g g c l
screen_wait 'lease_duration of 1 scope: 8d'
screen_keys C-u 8
screen_wait '"8" needs a unit'
screen_keys h Enter
screen_wait 'set lease_duration=8h: planned for 1 of 1'
screen_keys u c a
screen_wait 'state of 1 scope:'
screen_keys ina Tab Enter
screen_wait 'set state=inactive: planned for 1 of 1'
screen_keys u c r
screen_wait ':replace'
screen_keys name/Floor/Storey/ Enter
screen_wait 'planned for 1 of 1'
screen_wait 'Pending  ~ name "FRA Floor 1 Data" -> "FRA Storey 1 Data"'
screen_keys ':' 'set util 5' Enter
screen_wait 'util cannot be changed'
screen_keys ':' 'set lease 8h' Enter
screen_wait 'lease_duration'
screen_keys 1
screen_wait '> ~dhcp-'
screen_keys c l
screen_wait 'servers have no property "lease_duration"'
screen_keys Q
screen_ends 0
