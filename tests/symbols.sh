#!/bin/sh
# No two rooms give a function or a table the same name: the linker would take one of them, or refuse, only when both are wanted.
set -eu
cd "${BUILD:-build}/lib"
# simhost is a program of its own and meets few of them.
for room in $(ls *.a | grep -v "^simhost.a$"); do
    nm -g --defined-only "$room" 2>/dev/null | awk -v room="${room%.a}" 'NF == 3 && $2 ~ /[TDBRC]/ { print $3, room }'
done | sort -u | awk '
$1 == last { print $1 " is in " room " and in " $2; failed = 1 }
{ last = $1; room = $2 }
END { exit failed }'
