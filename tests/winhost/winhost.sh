#!/bin/sh
# winhost.sh [--plain] DIR NAME: server NAME of the estate DIR with the real PowerShell engine, as a transport command. --plain: as
# `powershell.exe -Command -` instead of PSRP. BUILD as for make.
here=$(cd "$(dirname "$0")" && pwd)
BUILD=${BUILD:-$here/../../build}
case $BUILD in /*) ;; *) BUILD=$here/../../$BUILD ;; esac
export IPAMTUI_SIMHOST="${IPAMTUI_SIMHOST:-$BUILD/simhost}"
# Nothing of the engine's own is written to a home folder.
export POWERSHELL_TELEMETRY_OPTOUT=1 DOTNET_TieredCompilation=1 PSModuleAnalysisCachePath="$BUILD/winhost/module-cache"
exec dotnet "$BUILD/winhost/winhost.dll" "$@"
