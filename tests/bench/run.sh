#!/usr/bin/env bash
# Runs every benchmark that tests/bench/*.mk names in BENCHES; each prints its own figures. Never part of `make check`: a
# timed test on a busy machine says nothing. `make bench BENCH=clixml` runs one.
set -u
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
failed=0
for bench in "$@"; do
    [ -z "${BENCH:-}" ] || [ "$(basename "$bench")" = "$BENCH" ] || continue
    echo "== $(basename "$bench")"
    IPAMTUI="$build/ipamtui" IPAMTUI_SIMHOST="$build/simhost" BUILD="$build" "$bench" || {
        echo "   FAILED (exit $?)"
        failed=1
    }
done
exit $failed
