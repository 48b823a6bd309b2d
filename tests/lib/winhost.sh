# winhost.sh - the real PowerShell engine plays the servers: "$engine DIR NAME". Their estate is one of plain objects: those with CIM
# metadata are rebuilt by a native library that only Windows has. Sourced after run.sh or screen.sh, and change_estate.sh.
[ -f "$BUILD/winhost/winhost.dll" ] || { echo "the real PowerShell engine is not built here (no dotnet)"; exit 77; }
engine="env BUILD=$BUILD IPAMTUI_SIMHOST=$SIMHOST sh $SOURCE/tests/winhost/winhost.sh"
