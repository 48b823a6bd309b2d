#!/bin/sh
# Makes the store (once for a build folder) and runs bench_ui.py.
set -eu
command -v python3 >/dev/null || { echo "   no python3 here: the console is not measured"; exit 0; }
store=${UI_STORE:-$BUILD/bench/ui.db}
[ -e "$store" ] || { "$BUILD/bench/store_fill" "$store.part" >/dev/null && mv "$store.part" "$store"; }
export IPAMTUI_DATA_DIR="${IPAMTUI_DATA_DIR:-$PWD}"
exec python3 -B tests/bench/bench_ui.py "$IPAMTUI" "$store"
