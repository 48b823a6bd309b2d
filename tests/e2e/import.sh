#!/bin/sh
# CSV in and out: checked as a whole, nothing half applied, and what is exported is imported again exactly.
. "$(dirname "$0")/../lib/run.sh"
db=$T/a.db

cat >"$T/good.csv" <<'END'
name,role,address,port,tags
lon-1,"dhcp,dns",lon-1.example,,"says ""hi"", twice"
=cmd,dns,,2222,+1
END
run 0 --db "$db" server import "$T/good.csv"
tells '2 added, 0 changed, 0 as they were'
run 2 --db "$db" server import "$T/good.csv"
tells 'good.csv: line 2, column 1: server "lon-1" is there already; --update changes it'
tells '2 errors; nothing was imported'
run 0 --db "$db" server import "$T/good.csv" --update
tells '0 added, 0 changed, 2 as they were'
sed 's/2222/2223/' "$T/good.csv" >"$T/other.csv"
run 0 --db "$db" server import "$T/other.csv" --update
tells '0 added, 1 changed, 1 as they were'

# Every error of the file is told, and then nothing is changed.
printf 'name,role,port\nnew,dhcp,1\nbad,dhpc,77777\nlon-1,dhcp,1\nnew,dhcp,2\nshort,dhcp\nlast,dns,"1\n' >"$T/bad.csv"
run 2 --db "$db" server import "$T/bad.csv"
tells 'bad.csv: line 3, column 5:'
tells 'bad.csv: line 3, column 10:'
tells 'bad.csv: line 4, column 1: server "lon-1" is there already'
tells 'bad.csv: line 5, column 1: server "new" is in line 2 already'
tells 'bad.csv: line 6, column 1: 2 cells, but the first line names 3 columns'
tells 'bad.csv: line 7, column 10: this quote is never closed'
tells '6 errors; nothing was imported'
run 0 --db "$db" server list --columns server --format tsv
lines 3
printf 'name,rol\nx,dhcp\n' >"$T/bad.csv"
run 2 --db "$db" server import "$T/bad.csv"
tells 'line 1, column 6: servers have no setting "rol"; did you mean role?'
printf 'role\ndhcp\n' >"$T/bad.csv"
run 2 --db "$db" server import "$T/bad.csv"
tells 'there is no column "name"'
printf 'name,role\nx\377,dhcp\n' >"$T/bad.csv"
run 2 --db "$db" server import "$T/bad.csv"
tells 'line 2, column 2: expected UTF-8 text, but there is the byte 0xff'
: >"$T/bad.csv"
run 2 --db "$db" server import "$T/bad.csv"
tells 'the file is empty'
run 1 --db "$db" server import "$T/none.csv"

# Round trip; cells that a spreadsheet would execute are defused on the way, and armed again.
run 0 --db "$db" server export
cp "$out" "$T/export.csv"
says "'=cmd"
says "'+1"
run 0 --db "$T/b.db" server import "$T/export.csv"
run 0 --db "$T/b.db" server export
cmp -s "$out" "$T/export.csv" || fail 'an export imports to the same export'
run 0 --db "$T/b.db" server list --columns server,tags --format json
says '"server":"=cmd","tags":"+1"'
says '"tags":"says \"hi\", twice"'
run 0 --db "$db" server export --raw
says_not "'"
cp "$out" "$T/raw.csv"
run 0 --db "$T/c.db" server import "$T/raw.csv"
