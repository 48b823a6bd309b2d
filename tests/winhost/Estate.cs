// Estate.cs - the way from a stub cmdlet to the simulated estate: `simhost call` is asked, its answers become objects and error records.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Runtime.CompilerServices;
using System.Text;

namespace Winhost
{
    public static class Estate
    {
        private const string Before = "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">";
        private const string After = "</Objs>";

        private static string folder, server;

        public static void Open(string dir, string name)
        {
            folder = dir;
            server = name;
        }

        // A property of the host itself, from the last of its lines in the state file; "" = none.
        public static string Host(string property)
        {
            string value = "";
            foreach (string line in File.ReadLines(Path.Combine(folder, server + ".state")).Where(l => l.StartsWith("SimHost\t")))
            {
                string field = line.Split('\t').FirstOrDefault(f => f.StartsWith(property + "="));
                value = field == null ? "" : field.Substring(property.Length + 1).Replace("\\\\", "\\");
            }
            return value;
        }

        // Body of every stub. What is common to all cmdlets is the engine's business and is not handed on.
        public static void Call(PSCmdlet cmdlet, IDictionary<string, object> bound)
        {
            if (bound.ContainsKey("WhatIf") && !cmdlet.ShouldProcess(server))
                return;
            var sent = new Hashtable();
            foreach (KeyValuePair<string, object> pair in bound)
                if (!Cmdlet.CommonParameters.Contains(pair.Key) && !Cmdlet.OptionalCommonParameters.Contains(pair.Key))
                    sent[pair.Key] = pair.Value;
            Answer(cmdlet, Ask(cmdlet.MyInvocation.MyCommand.Name, PSSerializer.Serialize(sent, 3)));
        }

        private static List<string> Ask(string name, string input)
        {
            string program = Environment.GetEnvironmentVariable("IPAMTUI_SIMHOST") ?? "simhost";
            var start = new ProcessStartInfo(program, new[] { "call", folder, server, name })
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
                StandardInputEncoding = new UTF8Encoding(false), StandardOutputEncoding = new UTF8Encoding(false),
            };
            using (Process process = Process.Start(start))
            {
                process.StandardInput.Write(input);
                process.StandardInput.Close();
                var lines = new List<string>();
                for (string line = process.StandardOutput.ReadLine(); line != null; line = process.StandardOutput.ReadLine())
                    lines.Add(line);
                string words = process.StandardError.ReadToEnd();
                process.WaitForExit();
                if (process.ExitCode != 0)
                    throw new InvalidOperationException("simhost: " + words.Trim());
                return lines;
            }
        }

        private static void Answer(PSCmdlet cmdlet, List<string> lines)
        {
            string xml = null;
            foreach (string line in lines)
            {
                object value = PSSerializer.Deserialize(Before + line.Substring(2) + After);
                if (line[0] == 'X')
                    xml = (string)value;
                else if (line[0] == 'R')
                    cmdlet.WriteObject(WithXml(Undeserialized(value), ref xml));
                else if (line[0] == 'E')
                    cmdlet.WriteError(Record((PSObject)value));
                else
                    cmdlet.ThrowTerminatingError(Record((PSObject)value));
            }
        }

        // An event can tell its XML, which the console asks for by ForEach-Object -MemberName ToXml.
        private static object WithXml(object value, ref string xml)
        {
            if (xml != null && value is PSObject wrapped)
            {
                events.Add(wrapped, xml);
                wrapped.Methods.Add(new PSCodeMethod("ToXml", typeof(Estate).GetMethod("EventXml")));
            }
            xml = null;
            return value;
        }

        private static readonly ConditionalWeakTable<PSObject, string> events = new ConditionalWeakTable<PSObject, string>();

        public static string EventXml(PSObject self)
        {
            return events.TryGetValue(self, out string xml) ? xml : null;
        }

        // As if it had been made here.
        private static object Undeserialized(object value)
        {
            if (!(value is PSObject wrapped))
                return value;
            for (int i = 0; i < wrapped.TypeNames.Count; i++)
                if (wrapped.TypeNames[i].StartsWith("Deserialized."))
                    wrapped.TypeNames[i] = wrapped.TypeNames[i].Substring("Deserialized.".Length);
            return wrapped;
        }

        private static string Text(PSObject value, string name)
        {
            return value.Properties[name]?.Value?.ToString() ?? "";
        }

        private static ErrorRecord Record(PSObject error)
        {
            return new ErrorRecord(new CimException(Text(error, "Message")), Text(error, "Id"),
                                   (ErrorCategory)Convert.ToInt32(error.Properties["Category"].Value), Text(error, "Target"));
        }
    }

    // The name is what ErrorCategory_Reason shows.
    public sealed class CimException : Exception
    {
        public CimException(string message) : base(message) { }
    }
}
