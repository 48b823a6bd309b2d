# change_calls.sh - every property that can be written and every action, each in a call of its own: what is sent passes the binder
# (simhost's, or the genuine one) and the estate has it afterwards; the undo brings back what was. Sourced after run.sh
# and change_estate.sh.
change_estate 1 40 1
# A scope without DNS settings of its own shows the server's; no cmdlet takes its own ones away again.
run 0 $options --db "$db" set scopes '' dynamic_updates=always dns_suffix=x.example --yes
run 0 $options --db "$db" set scopes '' dynamic_updates=on-client-request dns_suffix=y.example --yes
remember

# Which properties are there to be set? A new one in the catalogue must come into the plan below, too.
for list in scopes servers; do
    "$IPAMTUI" schema $list --format json | sed -n 's/.*"column":"\([^"]*\)".*/\1/p' | while read -r column; do
        "$IPAMTUI" $options --db "$db" set $list '' "$column=1" --dry-run >/dev/null 2>"$err" || true
        grep -q 'cannot be changed' "$err" || echo "$list $column"
    done
done >"$T/writable"

cat >"$T/calls.py" <<'END'
import csv, json, subprocess, sys
ipamtui, db, writable, plan, options = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:]
def rows(name):
    return json.loads(subprocess.run([ipamtui, *options, "--db", db, "list", name, "--columns", "all", "--format", "json"],
                                     capture_output=True, text=True, check=True).stdout)
HOUR, flip = 3600, {"true": "false", "false": "true"}
def other(now, *choices):
    return next(c for c in choices if c != now)
# What each property becomes, given what it is.
NEW = {
    "name": lambda v: ["Größe & <Umbau> \"7\" 'x' $(y) `z`", "-Force", "=1+1", "a;b|c"],
    "description": lambda v: [(v or "") + " (moved)", "", "zwei  Leerzeichen _x0041_ \\ end"],
    "state": lambda v: [other(v, "inactive", "active")],
    "lease_duration": lambda v: ["unlimited", "4d", "1d2h3m4s"],
    "superscope": lambda v: ["Super & Co"],
    "start": lambda v: [".".join(v.split(".")[:3] + [str(int(v.split(".")[3]) + 1)])],
    "end": lambda v: [".".join(v.split(".")[:3] + [str(int(v.split(".")[3]) - 1)])],
    "delay": lambda v: [other(v, "17", "18")],
    "type": lambda v: [other(v, "both", "bootp")],
    "max_bootp_clients": lambda v: ["100"],
    "activate_policies": lambda v: [flip[v]], "nap_enable": lambda v: [flip[v]], "nap_profile": lambda v: ["profile"],
    "dynamic_updates": lambda v: ["always", "never"],
    "delete_dns_rr_on_lease_expiry": lambda v: [flip[v]], "update_dns_rr_for_older_clients": lambda v: [flip[v]],
    "name_protection": lambda v: [flip[v]], "disable_dns_ptr_rr_update": lambda v: [flip[v]], "dns_suffix": lambda v: ["z.example"],
    "nap_enabled": lambda v: [flip[v]], "nps_unreachable_action": lambda v: [other(v, "restricted", "full")],
    "conflict_attempts": lambda v: [other(v, "2", "3")], "policies": lambda v: [flip[v]],
}
span = lambda v: "unlimited" if v < 0 else f"{v}s"
shown = lambda v: "" if v is None else ("true" if v else "false") if isinstance(v, bool) else str(v)
wanted = [line.split() for line in open(writable)]
assert len(wanted) >= 23, wanted
scopes, (server,) = iter(rows("scopes")), rows("servers")
out = csv.writer(open(plan, "w", newline=""), lineterminator="\n")
out.writerow("action,server,object,key,property,before,after".split(","))
for object, name in wanted:
    assert name in NEW, f"{object} {name} can be set, and no call of this test does it"
    for i in range(9):
        row = server if object == "servers" else next(scopes)
        before = row[name]
        choices = NEW[name](shown(before))
        while object == "scopes" and (choices[i] == shown(before) or (name == "lease_duration" and before < 0)):
            row = next(scopes)
            before = row[name]
        before = "\\N" if before is None else span(before) if name == "lease_duration" else shown(before)
        out.writerow(["set", server["server"], object, row["scope"] if object == "scopes" else server["server"], name, before, choices[i]])
        if i + 1 == len(choices):
            break
END
python3 "$T/calls.py" "$IPAMTUI" "$db" "$T/writable" "$T/plan.csv" $options || fail 'a plan with every property'
steps=$(($(wc -l <"$T/plan.csv") - 1))
run 0 $options --db "$db" apply "$T/plan.csv" --yes
says ": $steps done"
dump >"$T/after"
[ "$(diff "$T/before" "$T/after" | grep -c '^>')" -ge $((steps - 4)) ] || fail 'every scope of the plan differs now'
unlimited() { grep -c 'LeaseDuration=P10675199DT2H48M5.4775807S' "$1" || true; }
[ "$(unlimited "$T/after")" = $(($(unlimited "$T/before") + 1)) ] || fail 'one lease more is unlimited'
run 0 $options --db "$db" change undo 3 --yes
says ": $steps done"
same_as_before 'the undo restores everything'

# The actions.
net=$(scope "$(server 1)" 1)
run 0 $options --db "$db" exclusion add "scope:$net" .200-.203 --yes
run 0 $options --db "$db" exclusion replace "scope:$net" .200-.203 .200-.205 --yes
run 0 $options --db "$db" exclusion remove "scope:$net" .200-.205 --yes
run 0 $options --db "$db" scope deactivate "scope:$net" --yes
run 0 $options --db "$db" scope activate "scope:$net" --yes
same_as_before 'the actions and their opposites leave what was'
calls=$(cat "$estate"/*.calls)
for call in Set-DhcpServerv4Scope Set-DhcpServerv4DnsSetting Set-DhcpServerSetting Add-DhcpServerv4ExclusionRange Remove-DhcpServerv4ExclusionRange; do
    case $calls in *" $call "*) ;; *) fail "$call was sent" ;; esac
done
