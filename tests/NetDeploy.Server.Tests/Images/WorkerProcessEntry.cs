using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Server.Images;

namespace NetDeploy.Server.Tests.Images;

/// <summary>
/// Lets a test run the worker as a process of its own, to kill it: this test program, started with a data folder in the
/// environment, is a worker and no test run.
/// </summary>
internal static class WorkerProcessEntry
{
    private const string DataVariable = "NETDEPLOY_TEST_WORKER_DATA";
    private const string FreeVariable = "NETDEPLOY_TEST_WORKER_FREE";

    [ModuleInitializer]
    internal static void RunWorker()
    {
        // Only the server's own code may run here on other threads: this assembly's waits for this method to end.
        if (Environment.GetEnvironmentVariable(DataVariable) is { Length: > 0 } data)
        {
            var limits = Environment.GetEnvironmentVariable(FreeVariable) is { Length: > 0 } free
                ? new BuildLimits { FreeBytesToStart = 0, FreeBytesToLeave = long.Parse(free, CultureInfo.InvariantCulture) }
                : new BuildLimits();
            var options = new ImageWorkerOptions { SpoolFolder = Path.Combine(data, "images"), Limits = limits };
            ImageWorkerProcess.BecomeBuildUser(options, [], NullLogger.Instance);
            ImageWorkerProcess.RunAsync(options, NullLogger.Instance, CancellationToken.None).Wait();
            Environment.Exit(0);
        }
    }

    /// <param name="wrapper">A command to start the worker through.</param>
    public static Process Start(string data, long? freeBytesToLeave = null, params string[] wrapper)
    {
        string[] command = [.. wrapper, Environment.ProcessPath!, .. Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet"
            ? [typeof(WorkerProcessEntry).Assembly.Location]
            : Array.Empty<string>()];
        var info = new ProcessStartInfo(command[0], command[1..]);
        info.Environment[DataVariable] = data;
        info.Environment[FreeVariable] = freeBytesToLeave?.ToString(CultureInfo.InvariantCulture) ?? "";
        return Process.Start(info)!;
    }
}
