#!/bin/sh
# Makes the store (once for a build folder) and runs bench_plan.py.
set -eu
command -v python3 >/dev/null || { echo "   no python3 here: the plan's screen is not measured"; exit 0; }
store=$BUILD/bench/plan.db
[ -e "$store" ] || { "$BUILD/bench/store_fill" "$store.part" 250 40000 >/dev/null && mv "$store.part" "$store"; }
export IPAMTUI_DATA_DIR="${IPAMTUI_DATA_DIR:-$PWD}"
exec python3 -B tests/bench/bench_plan.py "$IPAMTUI" "$store"
