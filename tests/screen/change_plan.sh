#!/bin/sh
# The pane of the plan by keys: folded, gone through by server and by problem, targets taken out and brought back, kept over a
# restart, saved and applied from a file, dropped, guarded by the number of its targets; a second edit amends the first.
. "$(dirname "$0")/../lib/screen.sh"
. "$SOURCE/tests/lib/change_estate.sh"
change_estate 3 30 20
a=$(server 1) b=$(server 2) c=$(server 3)
size=${1:-80x24}
remember

# 30 scopes, the ends of some ranges impossible: refused, with the reason.
screen_scopes "$size"
screen_keys A ':' 'set end .200' Enter
screen_wait 'set end=.200: planned for '
screen_wait ' refused (w shows the plan)'
screen_keys w
screen_wait 'Plan › pending: set end=.200 on 30 scopes'
screen_wait 'w Apply x Drop D Drop all Space Fold E Save n Problem u Undo'
all=$(screen_row 3 | awk '{ print $1 }')
refused=$((30 - all))

# ---- folded, one server and all
screen_wait "[-] $a"
screen_keys Space
screen_wait "[+] $a"
screen_wait 'folded'
screen_keys Space
screen_wait "[-] $a"
screen_keys O
screen_wait "[+] $b"
screen_wait "[+] $c"
screen_wait "line 1 of $((3 + refused))"
screen_keys O
screen_wait "line 1 of $((30 + 3))"
# ---- by server, by problem
screen_keys Tab
screen_wait "> [-] $b"
screen_keys Tab
screen_wait "> [-] $c"
screen_keys Tab
screen_wait 'No server further down'
screen_keys BTab
screen_wait "> [-] $b"
screen_keys n
screen_wait "line $((all + 3 + 1)) of"
screen_wait '> ! '
screen_wait 'outside the'
screen_keys n N
screen_wait "line $((all + 3 + 1)) of"
screen_keys N
screen_wait 'No problem above'
screen_keys x
screen_wait 'this line is not sent anyway'

# ---- a target is taken out and brought back; a whole server; again what was brought back
screen_keys g g j x
screen_wait "$((all - 1)) changes"
screen_wait 'Taken out of the plan (u brings it back)'
screen_keys u
screen_wait "$all changes"
screen_keys C-r
screen_wait "$((all - 1)) changes"
screen_keys u g g d d
screen_wait ', 2 servers, '
screen_gone "[-] $a"
screen_keys u
screen_wait "[-] $a"
screen_wait "Undone: the plan has $all changes now"

# ---- the mouse, where it is on
if [ "$size" = 80x24 ]; then
    mouse() { screen_tmux send-keys -H 1b 5b 4d "$@"; }
    screen_keys g g ':' mouse Enter
    screen_wait 'Mouse on'
    mouse 20 26 27
    mouse 23 26 27
    screen_wait 'line 4 of'
    mouse 61 26 27
    screen_wait 'line 7 of'
    screen_keys ':' mouse Enter
    screen_wait 'Mouse off'
fi

# ---- what the line will call, copied
screen_keys g g j
screen_wait 'Set-DhcpServerv4Scope -ScopeId 10.0.'
screen_keys y y
screen_wait 'as the call it makes'

# ---- written to a file that the command line takes; the plan stays
screen_keys E
screen_wait "Write $all changes to (CSV): plan.csv"
screen_keys C-u "$T/plan.csv" Enter
screen_wait "$all changes written to"
: >"$T/plan.csv"
screen_keys E C-u "$T/plan.csv" Enter
screen_wait 'is there already. Overwrite it? y/N'
screen_keys n
screen_wait 'Not done'
[ ! -s "$T/plan.csv" ] || fail 'a file is not overwritten unasked'
screen_keys E C-u "$T/plan.csv" Enter
screen_wait 'is there already. Overwrite it? y/N'
screen_keys y
screen_wait "$all changes written to"
[ "$(grep -c '^set,' "$T/plan.csv")" = "$all" ] || fail 'a line for each change'
run 0 --db "$db" apply "$T/plan.csv" --dry-run
says "$all changes"

# ---- an edit of the same value amends the first; back to what it was takes it out
screen_keys q
screen_wait 'Scopes › all'
screen_keys ':' 'set end .201' Enter
screen_wait 'set end=.201: planned for'
screen_keys w
screen_wait '16.201' # .201 suits one more scope
screen_has '16.200' && screen_fail 'the first edit of a value is gone'
all=$(screen_row 3 | awk '{ print $1 }')
[ "$all" -le $((31 - refused)) ] || screen_fail 'a second edit adds no second step'
same_as_before 'a plan sends nothing'

# ---- kept over a restart
screen_keys Q
screen_ends 0
screen_scopes "$size"
screen_wait "$all changes pending (w)"
screen_wait "$all changes are pending from the last session (w shows the plan)"
screen_keys w
screen_wait "$all changes on $all targets"

# ---- undo has nothing to take back after a restart, and says where to
screen_keys u
screen_wait 'no edit of this session is pending any more'

# ---- dropped, after a question; and brought back
screen_keys D
screen_wait "Drop all $all changes of this plan? y/N"
screen_keys n
screen_wait 'Not done'
screen_wait "$all changes pending"
drop
screen_wait 'The plan is dropped; nothing was sent'
screen_wait 'Nothing is planned.'
screen_keys w
screen_wait 'the plan is empty: e or c on marked rows fills it'
screen_keys u
screen_wait "$all changes pending"
drop
screen_wait 'Nothing is planned.'
screen_keys Q
screen_ends 0

# ---- more targets than the guard allows: their number is typed
printf 'guard_targets = 2;\n' >"$T/conf"
screen_scopes "$size" --config "$T/conf"
screen_keys Space Space ':' 'set delay 3' Enter
screen_wait 'planned for 2 of 2'
screen_keys w
screen_wait 'Plan › pending'
screen_keys w
screen_wait 'Apply 2 changes on 1 server? y/N'
screen_keys Enter
screen_wait 'Not done'
screen_keys q Space . w
screen_wait '3 changes on 3 targets'
screen_keys w
screen_wait 'Type the number of objects (3)'
screen_keys yes Enter
screen_wait 'the number was another one'
screen_keys w
screen_wait 'Type the number of objects (3)'
# In a small window as well: what is typed, and the buttons, have room.
screen_resize 60x12
screen_wait '[ Apply ]  [ Cancel ]'
screen_has 'Type the number of objects (3)' || screen_fail 'the line to type in is there'
screen_keys 3 Enter
screen_wait ': 3 done; u plans the way back'
screen_keys Q
screen_ends 0
[ "$(dump | grep -cw 'Delay=3')" = 3 ] || fail 'three scopes were changed'

# ---- a label is beside what is shown of its server and in questions, where it makes a box of the line; ask=typed asks for the number
run 0 --db "$db" server set "$a" label=PROD
screen_scopes "$size"
screen_wait "all   $a [PROD]"
screen_wait "$(scope "$a" 1)"
[ "$size" != 80x24 ] || screen_has 'Data [PROD] ─' || screen_fail 'the preview has it'
screen_keys e
screen_wait 'edit 1 scope [PROD]'
screen_keys Escape
screen_gone 'edit 1 scope'
screen_keys ':' 'set delay 4' Enter
screen_wait 'planned for 1 of 1'
screen_keys w
screen_wait "[-] $a [PROD]   1 target"
screen_keys w
screen_wait 'Apply 1 change on 1 server [PROD]'
screen_wait "PROD: $a"
screen_wait '[ Cancel ]'
screen_keys Enter
screen_wait 'Nothing was sent; the plan is kept'
screen_keys q 1
screen_wait "Servers › all   $a [PROD]"
screen_keys ':' 'server-set ask=typed' Enter
screen_wait '1 server changed'
screen_keys w
screen_wait 'Plan › pending'
screen_keys w
screen_wait "ask=typed: $a"
screen_wait 'Type the number of objects (1)'
screen_keys y Enter
screen_wait 'the number was another one'
screen_keys w
screen_wait 'Type the number of objects (1)'
screen_keys 1 Enter
screen_wait ': 1 done; u plans the way back'
screen_keys Q
screen_ends 0
