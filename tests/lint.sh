#!/bin/sh
# Layers hold: no include goes up, no library header outside its room. Reads ROOMS and ALLOW_x of the Makefile.
# A public header belongs to the room named in tests/lint-headers.txt (header room).
set -eu
cd "$(dirname "$0")/.."
awk '
function allow(room, target,    i, n, list) { # may room use target?
    if (room == target) return 1
    n = split(allowed[room], list, " ")
    for (i = 1; i <= n; i++) if (allow(list[i], target)) return 1
    return 0
}
function bad(text) { printf "%s:%d: %s\n", FILENAME, FNR, text; failed = 1 }
FILENAME == "Makefile" { if (match($0, /^ALLOW_[a-z]+ *=/)) { room = $1; sub(/^ALLOW_/, "", room); sub(/^[^=]*= */, ""); allowed[room] = $0; known[room] = 1 } next }
FILENAME == "tests/lint-headers.txt" { if ($1 !~ /^#/ && NF >= 2) header[$1] = $2; next }
FNR == 1 {
    here = ""; n = split(FILENAME, part, "/")
    if (part[1] == "src" && n == 3) { here = part[2]; if (!(here in known)) bad("src/" here " is no room of the Makefile") }
    if (part[1] == "include") { here = header[part[3]]; if (here == "") { bad(part[3] " has no room in tests/lint-headers.txt"); here = "pane" } }
}
here != "" && /^[ \t]*#[ \t]*include/ {
    inc = $0; sub(/^[^<"]*[<"]/, "", inc); sub(/[>"].*$/, "", inc)
    if (inc ~ /^ipamtui\//) { sub(/^ipamtui\//, "", inc); if (!(inc in header)) bad(inc " has no room in tests/lint-headers.txt"); else if (!allow(here, header[inc])) bad(here " may not use " header[inc] " (" inc ")") }
    else if (inc ~ /\//) { split(inc, p, "/"); if (p[1] in known) { if (p[1] != here) bad("a header of one room stays there: " inc) } }
    if (inc ~ /^(ncurses|curses|panel|form|menu)/ && here != "ui") bad("only src/ui sees curses")
    if (inc ~ /^sqlite3/ && here != "store") bad("only src/store sees sqlite3.h")
    if (inc ~ /^libssh2/ && here != "transport") bad("only src/transport sees libssh2.h")
    if (inc ~ /^libxml\// && here != "psrp") bad("only src/psrp sees libxml")
    if (inc ~ /^libconfig/ && here != "config") bad("only src/config sees libconfig.h")
}
here != "" && here != "base" && /(^|[^_a-z])(abort|exit|_exit) *\(/ && !/^[ \t]*(\/\*|\*|\/\/)/ && FILENAME !~ /^src\/simhost\// { bad("no exit or abort below main") }
END { exit failed }
' Makefile tests/lint-headers.txt $(find src include -name '*.[ch]' | sort)
