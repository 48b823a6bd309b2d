#!/usr/bin/env python3
"""stubs.py OUT SETS.tsv CMDLETS.tsv: the stub modules of winhost, from the table of the real cmdlets' parameters.

OUT/dhcp/DhcpServer, OUT/dns/DnsServer, OUT/system/...: one module each with a function per cmdlet, whose parameter block has the
names, aliases, types, sets, positions, pipeline binding and validation of the real one, and whose body hands over what was bound.
"""
import csv
import os
import sys

GROUPS = {"DhcpServer": "dhcp", "DnsServer": "dns"}
# What the engine itself has.
OWN = {"Microsoft.PowerShell.Core"}
TYPES = {
    "IPAddress": "ipaddress", "TimeSpan": "timespan", "DateTime": "datetime", "SwitchParameter": "switch", "PSCredential": "pscredential",
    "Boolean": "bool", "UInt16": "uint16", "UInt32": "uint32", "Int32": "int32", "Byte": "byte", "Int64": "int64", "Hashtable": "hashtable", "String": "string", "Guid": "guid",
    "CimSession": "object", "type": "psobject",
}
BODIES = {
    "Select-Object": """    process { [Winhost.Selection]::Select($PSCmdlet, $InputObject, $PSBoundParameters) }
""",
    "Get-Date": """    process { if ($PSBoundParameters.ContainsKey('Date')) { $Date } else { [datetime]::Now } }
""",
}
BODIES["Get-Variable"] = """    process { if ($Name -contains 'PID') { $PID } else { [Winhost.Estate]::Call($PSCmdlet, $PSBoundParameters) } }
"""
BODY = "    process { [Winhost.Estate]::Call($PSCmdlet, $PSBoundParameters) }\n"


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def ps_type(text):
    """[type] of a parameter; CIM instances are known by their type name."""
    array = "[]" if text.endswith("[]") else ""
    base = text[: len(text) - len(array)] if array else text
    if base.startswith("CimInstance#"):
        name = "Microsoft.Management.Infrastructure." + base
        return "[PSTypeName(%s)][object%s]" % (quoted(name), array)
    return "[%s%s]" % (TYPES[base], array)


def sets_of(row, column, names):
    """The sets in which it has this property: None = all of a cmdlet that has but one."""
    if row[column] == "":
        return []
    return names if row[column] == "*" else row[column].split("|")


def position_in(row, name):
    """'2', 'Named' or 'Zone:2;InputObject:Named'; PowerShell counts from 0."""
    text = row["position"]
    for part in text.split(";"):
        if ":" in part and part.split(":")[0] == name:
            text = part.split(":")[1]
    return int(text) - 1 if text.isdigit() and int(text) > 0 else None


def attribute(row, name, mandatory):
    args = []
    if name != "(All)":
        args.append("ParameterSetName=" + quoted(name))
    if name in mandatory:
        args.append("Mandatory=$true")
    if position_in(row, name) is not None:
        args.append("Position=%d" % position_in(row, name))
    if "name" in row["pipeline"]:
        args.append("ValueFromPipelineByPropertyName=$true")
    if "value" in row["pipeline"]:
        args.append("ValueFromPipeline=$true")
    return "        [Parameter(%s)]\n" % ", ".join(args)


def validation(row):
    out = ""
    if row["accepted"]:
        out += "        [ValidateSet(%s)]\n" % ", ".join(quoted(word) for word in row["accepted"].split("|"))
    bounds = row["range"]
    if bounds.startswith("len "):
        out += "        [ValidateLength(%s, %s)]\n" % tuple(bounds[4:].split(".."))
    elif ".." in bounds:
        out += "        [ValidateRange(%s, %s)]\n" % tuple(bounds.split(".."))
    if "null" in row["allows"]:
        out += "        [AllowNull()]\n"
    if "empty" in row["allows"]:
        out += "        [AllowEmptyString()]\n"
    return out


def parameter(row, names):
    mandatory = sets_of(row, "mandatory_in", names)
    out = "".join(attribute(row, name, mandatory) for name in sets_of(row, "sets", names))
    out += validation(row)
    if row["aliases"]:
        out += "        [Alias(%s)]\n" % ", ".join(quoted(alias) for alias in row["aliases"].split("|"))
    return out + "        %s ${%s}" % (ps_type(row["type"]), row["parameter"])


def function(cmdlet, sets, parameters):
    names = [s["set"] for s in sets]
    default = next((s["set"] for s in sets if s["default"] == "yes"), names[0])
    flags = ["PositionalBinding=$false"]
    if default != "(All)":
        flags.insert(0, "DefaultParameterSetName=" + quoted(default))
    if any(s["should_process"] == "yes" for s in sets):
        flags.append("SupportsShouldProcess=$true, ConfirmImpact='Medium'")
    # WhatIf and Confirm come with SupportsShouldProcess.
    blocks = [parameter(p, names) for p in parameters if p["parameter"] not in ("WhatIf", "Confirm")]
    return "function %s {\n    [CmdletBinding(%s)]\n    param(\n%s\n    )\n%s}\n" % (
        cmdlet, ", ".join(flags), ",\n".join(blocks), BODIES.get(cmdlet, BODY))


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    out, sets, parameters = sys.argv[1], rows(sys.argv[2]), rows(sys.argv[3])
    modules = {}
    for row in sets:
        modules.setdefault(row["module"], {}).setdefault(row["cmdlet"], []).append(row)
    by_cmdlet = {}
    for row in parameters:
        by_cmdlet.setdefault(row["cmdlet"], []).append(row)
    for module, cmdlets in modules.items():
        if module in OWN:
            continue
        folder = os.path.join(out, GROUPS.get(module, "system"), module)
        text = "\n".join(function(c, s, by_cmdlet.get(c, [])) for c, s in cmdlets.items())
        write(os.path.join(folder, module + ".psm1"), text)
        exported = ", ".join(quoted(c) for c in cmdlets)
        write(os.path.join(folder, module + ".psd1"),
              "@{\n    RootModule = %s\n    ModuleVersion = '2.0.0.0'\n    GUID = '00000000-0000-0000-0000-%012d'\n"
              "    FunctionsToExport = @(%s)\n    CmdletsToExport = @()\n    AliasesToExport = @()\n}\n"
              % (quoted(module + ".psm1"), len(cmdlets), exported))


main()
