#!/bin/sh
# Every writable property and every action, over the real PowerShell engine: the genuine binder accepts each name and type.
. "$(dirname "$0")/../lib/run.sh"
[ -f "$BUILD/winhost/winhost.dll" ] || { echo "the real PowerShell engine is not built here (no dotnet)"; exit 77; }
options=
add_servers() {
    for state in "$estate"/*.state; do
        name=$(basename "$state" .state)
        "$SIMHOST" set "$estate" "$name" host Shape plain
        run 0 --db "$db" server add "$name" --role dhcp --transport command \
            --command "env BUILD=$BUILD SIMHOST=$SIMHOST sh $SOURCE/tests/winhost/winhost.sh $estate $name"
    done
}
. "$SOURCE/tests/lib/change_calls.sh"
