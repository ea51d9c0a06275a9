using System.Diagnostics;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Lab.Tests.Deployments;

/// <summary>A Tang server inside a lab's network: Debian's tangd, which answers one request a process on its standard streams, behind socat.</summary>
internal sealed class TangServer : IDisposable
{
    public const int Port = 7500;

    private const string Program = "/usr/libexec/tangd";

    /// <summary>The lab may have to make its boot files first.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly DirectoryInfo _keys;
    private readonly ChildSpawner _spawner = new();
    private readonly Process _process;

    private TangServer(DirectoryInfo keys, ChildSpawner spawner, Process process) => (_keys, _spawner, _process) = (keys, spawner, process);

    public static void SkipUnlessPossible()
    {
        Assert.SkipUnless(File.Exists(Program), "needs tang-common");
        Assert.SkipUnless(File.Exists("/usr/bin/socat"), "needs socat");
    }

    /// <summary>Waits until a lab that is coming up has made its network: what was there before would be taken for remains, and removed.</summary>
    public static async Task<TangServer> StartAsync(LabNetwork network)
    {
        for (var clock = Stopwatch.StartNew(); !network.Exists; await Task.Delay(200))
        {
            Assert.True(clock.Elapsed < Patience, $"the lab made no network in {Patience.TotalMinutes:0} min");
        }

        var keys = Directory.CreateTempSubdirectory("ndt-tang-");
        using (var keygen = Process.Start("/usr/libexec/tangd-keygen", [keys.FullName]))
        {
            await keygen.WaitForExitAsync();
            Assert.Equal(0, keygen.ExitCode);
        }

        var spawner = new ChildSpawner();
        var process = await spawner.StartAsync(network.Inside(["socat", $"TCP-LISTEN:{Port},reuseaddr,fork", $"EXEC:{Program} {keys.FullName}"]), Path.Combine(keys.FullName, "log"));
        return new TangServer(keys, spawner, process);
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _spawner.Dispose();
        _keys.Delete(recursive: true);
    }
}
