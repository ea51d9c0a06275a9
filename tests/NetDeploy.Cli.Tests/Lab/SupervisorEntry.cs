using System.Runtime.CompilerServices;
using NetDeploy.Cli.Lab;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Tests.Lab;

/// <summary>Lets a test start this test program again as a supervisor: only a process of its own can be killed.</summary>
internal static class SupervisorEntry
{
    private const string Variable = "NETDEPLOY_TEST_SUPERVISE";

    public static IReadOnlyList<string> Command(LabFolder folder) =>
        ["env", $"{Variable}={folder.Root}", .. ThisProgram.With()];

#pragma warning disable CA2255 // An entry point of the test program, before xunit's own.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Supervise()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder)
        {
            Environment.SetEnvironmentVariable(Variable, null);
            Environment.Exit(LabSupervisor.RunAsync(new LabFolder(folder)).GetAwaiter().GetResult());
        }
    }
}
