#!/bin/sh
# Files that cannot be used: configuration, keymap, database, CSV, query. Each is told with its place and what was expected, nothing
# of it is applied, the console ends with 1 before it opens and leaves the terminal as it was.
. "$(dirname "$0")/../lib/run.sh"
command -v python3 >/dev/null || { echo "there is no python3 here"; exit 77; }
db=$T/ok.db
run 0 --db "$db" server add one --role dhcp
# console STATUS ARGS...: the console, on a terminal.
console() {
    want=$1
    shift
    got=0
    python3 "$SOURCE/tests/lib/on_terminal.py" "$IPAMTUI" --offline "$@" >"$out" 2>"$err" </dev/null || got=$?
    [ "$got" = "$want" ] || fail "ipamtui $* on a terminal ends with $want (it did with $got)"
}

# Databases: kept as they are.
head -c 20000 /dev/urandom >"$T/garbage.db"
cp "$db" "$T/newer.db"
sql "$T/newer.db" 'PRAGMA user_version = 999'
cp "$db" "$T/damaged.db"
python3 -c 'import sys; f = open(sys.argv[1], "r+b"); f.seek(4096); f.write(b"\xff" * 40000)' "$T/damaged.db"
for name in garbage newer damaged; do
    cp "$T/$name.db" "$T/before"
    console 1 --db "$T/$name.db"
    says "$name.db"
    run 1 --db "$T/$name.db" list servers
    tells "$name.db"
    cmp -s "$T/$name.db" "$T/before" || fail "$name.db is kept as it is"
done
console 1 --db "$T/newer.db"
says 'newer ipamtui'
console 1 --db "$T/damaged.db"
says 'damaged'
console 1 --db "$T"
says 'this is no file'
console 1 --db "$T/typo/x.db"
says "the folder $T/typo does not exist"
[ ! -e "$T/typo" ] || fail 'no folder is made for a typing error'

# Configuration and keymap. Each line: a file, the place, what is said of it.
printf 'max_hosts = 10;\nover_percent = \0 90;\n' >"$T/nul.conf"
printf 'max_hosts \001\002 = 10;\n' >"$T/control.conf"
printf '\377\376m\0a\0x\0' >"$T/utf16.conf"
printf 'max_hosts = 10;\nover_percnt = 90;\n' >"$T/word.conf"
printf 'max_hosts = "many";\n' >"$T/type.conf"
printf '\177ELF\002\001\001\0\0\0' >"$T/program.conf"
while IFS='|' read -r name text; do
    run 1 --db "$db" --config "$T/$name.conf" list servers
    tells "$name.conf: $text"
    [ ! -s "$out" ] || fail 'nothing is listed'
    console 1 --db "$db" --config "$T/$name.conf"
    says "$name.conf: line"
done <<'END'
nul|line 2, column 16: expected text, but there is the byte 0x00
control|line 1, column 11: expected text, but there is the byte 0x01
utf16|line 1, column 1: expected text, but there is the byte 0xff
word|line 2, column 1: there is no option "over_percnt"; did you mean over_percent?
type|line 1, column 1
program|line 1, column 1: expected text, but there is the byte 0x7f
END
printf 'version = 1;\nglobal = (\n { key = "j"; run = "cursor-down\0"; }\n);\n' >"$T/nul.keys"
printf 'version = 1;\nglobal = ( { key = "j"; run = "nonsense"; } );\n' >"$T/word.keys"
printf '\037\213\010\0' >"$T/zip.keys"
for name in nul word zip; do
    printf 'keymap = "%s";\n' "$T/$name.keys" >"$T/keys.conf"
    console 1 --db "$db" --config "$T/keys.conf"
    says "$name.keys: line"
    says ', column'
done

# CSV: nothing of the file is taken.
printf 'name,role\ngood,dhcp\nb\0ad,dns\n' >"$T/nul.csv"
printf 'name,role\ngood,dhcp\nwei\337,dns\n' >"$T/latin.csv"
printf '\377\376n\0a\0m\0e\0\n\0' >"$T/utf16.csv"
printf 'name,role\ngood,dhcp\n"open,dns\n' >"$T/quote.csv"
printf 'name,role\ngood,dhcp\na\001b,dns\n' >"$T/control.csv"
head -c 5000 /dev/urandom | tr '\n' 'x' >"$T/random.csv"
while IFS='|' read -r name text; do
    run 2 --db "$db" server import "$T/$name.csv"
    tells "$text"
    tells 'nothing was imported'
    run 0 --db "$db" list servers --format tsv --columns server
    lines 2
done <<'END'
nul|line 3, column 2: expected UTF-8 text, but there is the byte 0x00
latin|line 3, column 4: expected UTF-8 text, but there is the byte 0xdf
utf16|line 1, column 1: expected UTF-8, but this is UTF-16
quote|line 3, column 1: this quote is never closed
control|line 3, column 1: a server's name may not have control characters
random|line 1, column
END
run 2 --db "$db" apply "$T/nul.csv"
tells 'line 3, column 2: expected UTF-8 text, but there is the byte 0x00'

# A query: the character is marked, and nothing of it drives the terminal.
run 2 --db "$db" list servers "$(printf 'one \033[2J')"
tells 'expected text, but there is a control character (0x1b)'
grep -q "$(printf '\033')" "$err" && fail 'no escape sequence is printed'
[ "$(tail -n 1 "$err")" = '      ^' ] || fail 'the mark is under the character'
run 2 --db "$db" list servers "$(printf 'name:\001')"
run 2 --db "$db" retrieve "$(printf 'x\177')"
tells 'control character (0x7f)'
run 2 --db "$db" list servers "$(printf 'x\377')"
tells 'expected UTF-8 text, but there is the byte 0xff'
