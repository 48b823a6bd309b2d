#!/usr/bin/env bash
# Everything: packages, warnings as errors, lint, unit tests plain and under sanitizers, protocol, end to end, screens. A stage
# is a set of jobs that run two at a time; what a job printed is only shown when it failed.
# BUILD=dir builds elsewhere. ONLY="unit e2e" runs only these stages. With IPAMTUI_CI=1 a skipped test is a failed one.
set -u
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
ONLY=${ONLY:-lint unit unit-asan protocol e2e screen}
JOBS=${JOBS:-2}
LIMIT=${LIMIT:-600} # seconds for one job; far above what it takes, for machines that are busy
unset MAKEFLAGS MAKELEVEL
sh tests/needs.sh check || exit 1
mkdir -p "$BUILD"
BUILD=$(cd "$BUILD" && pwd)
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM HUP
passed=0 failed=0 skipped=0 stage_failed=0

# What tests may rely on, wherever they run.
export BUILD IPAMTUI="$BUILD/ipamtui" SIMHOST="$BUILD/simhost" IPAMTUI_SIMHOST="$BUILD/simhost" IPAMTUI_DATA_DIR="$PWD"
export LC_ALL=C.UTF-8 TZ=UTC SOURCE="$PWD"
unset NO_COLOR COLUMNS LINES XDG_CONFIG_HOME XDG_DATA_HOME IPAMTUI_NOW

wanted() { case " $ONLY " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

# One job: `job NAME COMMAND...` in the background; at most $JOBS at a time.
job() {
    local name=$1
    shift
    while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n; done
    {
        local from=$SECONDS
        timeout -k 10 "$LIMIT" "$@" >"$logs/$name.log" 2>&1 </dev/null
        echo $? >"$logs/$name.status"
        echo "$((SECONDS - from)) $name" >"$logs/$name.seconds"
    } &
}

show() { # NAME WHY
    echo "FAILED $1 ($2)"
    tail -n 40 "$logs/$1.log" | sed 's/^/    /'
}

# cmocka says how many tests of a program passed and failed; a script is one test.
count() { # NAME
    local status log=$logs/$1.log good bad
    status=$(cat "$logs/$1.status" 2>/dev/null || echo 125)
    good=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test(s).*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
    bad=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test(s).*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
    if [ "$status" = 77 ] && [ "${IPAMTUI_CI:-}" != 1 ]; then
        skipped=$((skipped + 1))
        echo "skipped $1: $(tail -n 1 "$log")"
    elif [ "$status" = 0 ]; then
        passed=$((passed + (good > 0 ? good : 1)))
    else
        passed=$((passed + good))
        failed=$((failed + (bad > 0 ? bad : 1)))
        stage_failed=1
        case $status in
        77) show "$1" "skipped, but here nothing may be" ;;
        124 | 137) show "$1" "not over after $LIMIT s" ;;
        *) show "$1" "status $status" ;;
        esac
    fi
}

# `stage NAME` after its jobs were started: waits, counts, says how it went.
names=
begin() { stage=$1 names='' start=$SECONDS before=$passed stage_failed=0; }
add() { names="$names $1"; job "$@"; }
end() {
    wait
    for name in $names; do count "$name"; done
    local slowest
    slowest=$(for name in $names; do cat "$logs/$name.seconds" 2>/dev/null; done | sort -n | tail -n 1)
    printf '%-10s %s %d passed, %d s' "$stage" "$([ $stage_failed = 0 ] && echo ok || echo FAILED)" $((passed - before)) $((SECONDS - start))
    slowest=${slowest:-0 none}
    [ "${slowest%% *}" -lt 20 ] && echo || echo " (slowest: ${slowest#* }, ${slowest%% *} s)"
}
closing() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ]
    exit
}

begin build
LIMIT=900 add build make -j"$JOBS" --no-print-directory BUILD="$BUILD" all
wait
# The real PowerShell engine, where there is a dotnet; its tests say that they are skipped where there is none.
if command -v dotnet >/dev/null 2>&1; then
    add winhost make --no-print-directory BUILD="$BUILD" winhost
elif [ "${IPAMTUI_CI:-}" = 1 ]; then
    add winhost sh -c 'echo "there is no dotnet here, and nothing may be skipped"; exit 1'
else
    echo 'skipped winhost: there is no dotnet here; tests against the real PowerShell engine are skipped'
fi
end
[ "$failed" = 0 ] || closing

if wanted lint; then
    begin lint
    add lint sh tests/lint.sh
    add symbols sh tests/symbols.sh
    end
fi

tests=$(for t in tests/unit/test_*.c; do basename "$t" .c; done)
unit_stage() { # STAGE BUILDDIR MAKEARGS...
    local dir=$2 title=$1
    shift 2
    begin "$title"
    LIMIT=900 add "$title-build" make -j"$JOBS" --no-print-directory "$@" BUILD="$dir" $(for t in $tests; do echo "$dir/tests/$t"; done)
    wait
    for t in $tests; do
        [ -x "$dir/tests/$t" ] && add "$title-$t" "$dir/tests/$t"
    done
    end
}
wanted unit && unit_stage unit "$BUILD"
wanted unit-asan && ASAN_OPTIONS=detect_leaks=1 unit_stage unit-asan "$BUILD/asan" SAN=1

# Each script under tests/protocol, tests/e2e and tests/screen is a test: 0 passed, 77 skipped (last line: why). One that may not
# be executed fails: it would be left out without a word.
for suite in protocol e2e screen; do
    wanted $suite && ls tests/$suite/*.sh >/dev/null 2>&1 || continue
    begin $suite
    for script in tests/$suite/*.sh; do
        add "$suite-$(basename "$script" .sh)" "$script"
    done
    end
done

# Nothing that was started may be left.
left=$(pgrep -f "^$BUILD/(simhost|ipamtui)( |$)" || true)
if [ -n "$left" ]; then
    failed=$((failed + 1))
    echo "FAILED: still running: $(ps -o pid=,args= -p $left | tr '\n' ';')"
fi
closing
