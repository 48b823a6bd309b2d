#!/bin/sh
# The second dialect against the real engine as powershell.exe -Command -: the same lists as PSRP brings from the simulator.
. "$(dirname "$0")/../lib/run.sh"
. "$SOURCE/tests/lib/winhost.sh"
estate=$T/estate
sim=$T/sim.db
real=$T/real.db

"$SIMHOST" make "$estate" --servers 1 --scopes 25 --seed 6 --clean --shape plain
run 0 --db "$sim" server import "$estate/servers.csv"
run 0 --db "$sim" retrieve
run 0 --db "$real" server add dhcp-lon-01 --role dhcp --address dhcp-lon-01.lon.example.net --transport command --command "$engine --plain $estate dhcp-lon-01"
run 0 --db "$real" server set dhcp-lon-01 dialect=plain
run 0 --db "$real" retrieve
for list in scopes exclusions; do
    columns=$("$IPAMTUI" schema $list | awk '$2 != "time" && $1 != "since" { print $1 }' | paste -sd,)
    run 0 --db "$sim" list $list --columns "$columns" --format csv
    cp "$out" "$T/$list.sim"
    [ "$(wc -l <"$T/$list.sim")" -gt 20 ] || fail "$list are many"
    run 0 --db "$real" list $list --columns "$columns" --format csv
    cp "$out" "$T/$list.real"
    diff "$T/$list.sim" "$T/$list.real" >"$out" || fail "$list are the same in both dialects"
done
# The dialect that was chosen is the one that is tested.
run 0 --db "$real" server test dhcp-lon-01
says 'dialect: plain lines'
says ', edition Core'
says 'language mode: FullLanguage'
# A program of the host is called as one: its lines come as they are, in whatever language.
mkdir "$T/bin"
cat >"$T/bin/whoami.exe" <<'END'
#!/bin/sh
[ "$*" = '/groups /fo csv /nh' ] || exit 1
echo '"VORDEFINIERT\Administratoren","Alias","S-1-5-32-544","Verbindliche Gruppe"'
echo "\"Mandatory Label\Mandatory Level\",\"Label\",\"S-1-16-$(cat "$0.level")\",\"\""
END
chmod +x "$T/bin/whoami.exe"
for level in 12288:yes 8192:unknown; do # a name that is not English proves nothing
    echo "${level%:*}" >"$T/bin/whoami.exe.level"
    PATH="$T/bin:$PATH" run 0 --db "$real" server test dhcp-lon-01
    says "may change DHCP, by its groups: ${level#*:}"
done
# A change takes that way as well.
run 0 --db "$real" set scopes 'server:dhcp-lon-01' lease_duration=3d --yes
run 0 --db "$real" retrieve
run 0 --db "$real" list scopes 'lease_duration=3d' --columns server --format tsv
[ "$(wc -l <"$out")" -gt 20 ] || fail 'the scopes have the new lease duration'
