// Plain.cs - `powershell.exe -NoLogo -NoProfile -NonInteractive -Command -`: each line of stdin is run as it comes, in one session; what it
// puts out is text on stdout, its errors are text on stderr. The end of stdin is the
// end, and so is `exit`.
using System;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text;

namespace Winhost
{
    public static class Plain
    {
        public static int Run()
        {
            Console.InputEncoding = Console.OutputEncoding = new UTF8Encoding(false);
            using (Runspace runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2()))
            {
                runspace.Open();
                for (string line = Console.In.ReadLine(); line != null; line = Console.In.ReadLine())
                {
                    if (line.Trim() == "exit")
                        break;
                    if (line.Trim().Length > 0)
                        RunLine(runspace, line);
                }
            }
            return 0;
        }

        private static void RunLine(Runspace runspace, string line)
        {
            using (PowerShell shell = PowerShell.Create())
            {
                shell.Runspace = runspace;
                shell.AddScript(line);
                var output = new PSDataCollection<PSObject>();
                output.DataAdded += (sender, e) => Write(output[e.Index]);
                shell.Streams.Error.DataAdded += (sender, e) => Console.Error.WriteLine(shell.Streams.Error[e.Index]);
                try
                {
                    shell.Invoke(null, output);
                }
                catch (RuntimeException e)
                {
                    Console.Error.WriteLine(e.ErrorRecord);
                }
                Console.Out.Flush();
            }
        }

        // Out-Default is not in the package: the text form, a line each, is what a script that writes strings gets from it.
        private static void Write(PSObject value)
        {
            Console.Out.Write((value == null ? "" : value.ToString()) + "\r\n");
            Console.Out.Flush();
        }
    }
}
