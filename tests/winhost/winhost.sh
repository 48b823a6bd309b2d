#!/bin/sh
# winhost.sh DIR NAME: server NAME of the estate DIR with the real PowerShell engine, as a transport command. BUILD as for make.
here=$(cd "$(dirname "$0")" && pwd)
BUILD=${BUILD:-$here/../../build}
case $BUILD in /*) ;; *) BUILD=$here/../../$BUILD ;; esac
export IPAMTUI_SIMHOST="${IPAMTUI_SIMHOST:-$BUILD/simhost}"
# Nothing of the engine's own is written to a home folder.
export POWERSHELL_TELEMETRY_OPTOUT=1 DOTNET_TieredCompilation=1 PSModuleAnalysisCachePath="$BUILD/winhost/module-cache"
exec dotnet "$BUILD/winhost/winhost.dll" "$@"
