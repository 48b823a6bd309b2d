// Selection.cs - Select-Object, which is not in the package: -Property, -ExpandProperty, -First, -Skip.
using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Runtime.CompilerServices;

namespace Winhost
{
    public static class Selection
    {
        // One count per running Select-Object.
        private static readonly ConditionalWeakTable<PSCmdlet, StrongBox<int>> seen = new ConditionalWeakTable<PSCmdlet, StrongBox<int>>();

        public static void Select(PSCmdlet cmdlet, PSObject input, IDictionary<string, object> bound)
        {
            int skip = Number(bound, "Skip", 0), first = Number(bound, "First", int.MaxValue);
            int place = seen.GetOrCreateValue(cmdlet).Value++;
            if (input == null || place < skip || place - skip >= first)
                return;
            if (bound.TryGetValue("ExpandProperty", out object one))
                cmdlet.WriteObject(input.Properties[(string)one]?.Value, true);
            else if (bound.TryGetValue("Property", out object names))
                cmdlet.WriteObject(Selected(input, (string[])names));
            else
                cmdlet.WriteObject(input);
        }

        private static int Number(IDictionary<string, object> bound, string name, int otherwise)
        {
            return bound.TryGetValue(name, out object value) ? (int)value : otherwise;
        }

        private static PSObject Selected(PSObject input, string[] names)
        {
            var selected = new PSObject();
            foreach (string name in names)
                selected.Properties.Add(new PSNoteProperty(name, input.Properties[name]?.Value));
            selected.TypeNames.Insert(0, "Selected." + input.TypeNames[0]);
            return selected;
        }
    }
}
