// winhost [--plain] DIR NAME: server NAME of the simulated estate DIR, with the real PowerShell 7 engine on stdin and stdout.
//
// With --plain it is `powershell.exe -NoLogo -NoProfile -NonInteractive -Command -`: Plain.cs. Otherwise PSRP is served by the engine's own entry, the one behind `pwsh -s`. DhcpServer, DnsServer and what else a Windows host has are stub
// modules whose parameter blocks are made from the table of the real cmdlets (stubs.py): a wrong name, type or set is refused by the genuine
// binder. What was bound goes to `simhost call`, so that the estate is the same as the one that simhost serves.
using System;
using System.IO;
using System.Reflection;

namespace Winhost
{
    public static class Program
    {
        public static int Main(string[] args)
        {
            bool plain = args.Length == 3 && args[0] == "--plain";
            if (plain)
                args = new[] { args[1], args[2] };
            if (args.Length != 2)
            {
                Console.Error.WriteLine("usage: winhost [--plain] DIR NAME (IPAMTUI_SIMHOST names the simhost program)");
                return 2;
            }
            Estate.Open(args[0], args[1]);
            string fault = Estate.Host("Fault");
            if (fault.StartsWith("down"))
            {
                Console.Error.WriteLine(fault.Length > 5 ? fault.Substring(5) : "ssh: connect to host " + Estate.Host("Address") + " port 22: Connection refused");
                return 255;
            }
            if (fault == "hang")
            {
                while (Console.In.Read() >= 0)
                    continue;
                return 1;
            }
            if (fault == "noise")
                Console.Out.Write("Authorized use only.\r\nLoading personal and system profiles took 812ms.\r\n");
            Environment.SetEnvironmentVariable("PSModulePath", ModulePath(fault));
            return plain ? Plain.Run() : Serve();
        }

        // A host has the modules of its roles.
        private static string ModulePath(string fault)
        {
            string root = Path.Combine(AppContext.BaseDirectory, "modules"), role = Estate.Host("Role");
            string path = Path.Combine(root, "system");
            if (fault == "no-module")
                return path;
            if (role != "dns")
                path += Path.PathSeparator + Path.Combine(root, "dhcp");
            if (role != "dhcp")
                path += Path.PathSeparator + Path.Combine(root, "dns");
            return path;
        }

        private static int Serve()
        {
            Type mediator = typeof(System.Management.Automation.PowerShell).Assembly.GetType("System.Management.Automation.Remoting.Server.StdIOProcessMediator", true);
            MethodInfo run = mediator.GetMethod("Run", BindingFlags.Static | BindingFlags.NonPublic);
            // initialCommand, workingDirectory, configurationName, configurationFile, combineErrOutStream. A working directory would need
            // Set-Location, which is not in the package.
            run.Invoke(null, new object[] { null, null, null, null, false });
            return 0;
        }
    }
}
