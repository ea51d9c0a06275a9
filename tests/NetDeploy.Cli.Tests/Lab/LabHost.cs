using System.Globalization;
using NetDeploy.Cli.Lab;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Tests.Lab;

/// <summary>A lab folder and a namespace of a test's own, both gone afterwards, whatever the test did.</summary>
internal sealed class LabHost : IAsyncDisposable
{
    public LabHost()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root");
        Assert.SkipUnless(File.Exists("/dev/net/tun"), "needs /dev/net/tun");
        Assert.SkipUnless(Has("ip"), "needs ip");
        Folder = new LabFolder(Directory.CreateTempSubdirectory("ndt-").FullName);
    }

    public LabFolder Folder { get; }

    public string Network { get; } = string.Create(CultureInfo.InvariantCulture, $"ndt-{Environment.ProcessId}-{Random.Shared.Next(10_000)}");

    public LabNetwork Wire => new(new CommandRunner(), Network);

    public Task<LabState> StartAsync(LabPlan plan) =>
        new LabLauncher(Folder, [.. SupervisorEntry.Command(Folder)]).StartAsync(plan, new CommandRunner(), TestContext.Current.CancellationToken);

    public static bool Has(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, program)));

    public static void NeedsQemu() => Assert.SkipUnless(Has(QemuArguments.Program), "needs qemu-system-x86");

    public async ValueTask DisposeAsync()
    {
        await new LabTeardown(new CommandRunner()).RunAsync(Folder, Network);
        if (Directory.Exists(Folder.Root))
        {
            Directory.Delete(Folder.Root, recursive: true);
        }
    }
}
