#!/bin/sh
# make install into a folder: the installed program finds its keymaps, its simulator and its manual pages; uninstall takes all
# of it away again.
. "$(dirname "$0")/../lib/run.sh"
cd "$SOURCE"
make --no-print-directory BUILD="$BUILD" DESTDIR="$T/root" PREFIX=/usr install >"$out" 2>"$err" || fail 'make install works'
for file in bin/ipamtui lib/ipamtui/simhost share/ipamtui/keymaps/default.conf share/man/man1/ipamtui.1 \
    lib/systemd/user/ipamtui-collect.service share/man/man5/ipamtui.conf.5 share/man/man7/ipamtui-query.7; do
    [ -f "$T/root/usr/$file" ] || fail "$file is installed"
done
unset IPAMTUI_SIMHOST IPAMTUI_DATA_DIR
IPAMTUI=$T/root/usr/bin/ipamtui
cd "$T"
run 0 demo --keep "$T/estate" --prepare --servers 2 --scopes 5
grep -q "$T/root/usr/.*simhost serve" "$T/estate/servers.csv" || fail 'the installed simulator is the one that is used'

# The tables of the manual pages are the program's own rows, and no marker is left.
man=$T/root/usr/share/man
! grep -rq '@rows' "$man" || fail 'every table is filled in'
for word in $("$IPAMTUI" schema options | cut -d' ' -f1); do
    grep -q "^\.B $word" "$man/man5/ipamtui.conf.5" || fail "ipamtui.conf(5) has $word"
done
for word in $("$IPAMTUI" schema columns | awk 'NF > 1 { print $1 }'); do
    grep -q "^\.B $word" "$man/man1/ipamtui.1" || fail "ipamtui(1) has $word"
done
if command -v man >/dev/null; then
    for page in "$man"/man?/*; do
        MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" >/dev/null 2>"$err" || fail "$page can be set"
        silent
    done
fi

cd "$SOURCE"
make --no-print-directory BUILD="$BUILD" DESTDIR="$T/root" PREFIX=/usr uninstall >"$out" 2>"$err" || fail 'make uninstall works'
left=$(find "$T/root" -type f)
[ -z "$left" ] || fail "nothing is left: $left"
