using NetDeploy.Lab.Tests.DeployEnvironment;
using NetDeploy.Lab.Tests.Deployments;

namespace NetDeploy.Lab.Tests.Installer;

/// <summary>The real installer of Debian, netbooted from a server that is its only way to a mirror.</summary>
[Collection(EmulatedInstallations.Name)]
public sealed class InstallerTests(ITestOutputHelper output)
{
    /// <summary>Half an hour on two free cores without KVM, and more where they are shared.</summary>
    private static readonly TimeSpan Whole = TimeSpan.FromMinutes(90);

    private static readonly TimeSpan UntilClaim = TimeSpan.FromMinutes(20);

    [Fact]
    [Trait("Category", "Full")]
    public async Task Debians_own_installer_runs_to_its_end_and_asks_nothing()
    {
        await using var lab = LabRun.Create(output);

        var up = await lab.UpAsync(Whole, "--method", "installer", "--distro", "debian-13");

        // The lab reached the machine by SSH, with its own host key and the deployment's id on its disk.
        var machine = up.GetProperty("machines")[0];
        Assert.Equal(("installer", "installed", true), (machine.GetProperty("method").GetString(), machine.GetProperty("state").GetString(), machine.GetProperty("ssh").GetBoolean()));
        var timeline = await lab.TimelineAsync("blade-1");
        Assert.DoesNotContain("waits for an answer", timeline, StringComparison.Ordinal);
        Assert.DoesNotContain("failed", timeline, StringComparison.Ordinal);
        foreach (var phase in (string[])["installer's components", "partitioning", "base system", "packages", "the last steps"])
        {
            Assert.Contains($"debian-13, {phase}", timeline, StringComparison.Ordinal);
        }

        var (logged, log, _) = await lab.RunAsync(TimeSpan.FromMinutes(1), "show", "blade-1", "--log");
        Assert.Equal(0, logged);
        Assert.Contains("finish-install: info: Running", log, StringComparison.Ordinal);
        Assert.DoesNotMatch("preseed/[A-Za-z0-9_-]{43}", log);
    }

    /// <summary>PXE, answers, the signature of the components' suite, components, modules, disks, the claim: all but the long part.</summary>
    [Fact]
    public async Task The_installer_comes_to_its_partitioner_and_claims_before_it_writes()
    {
        await using var lab = LabRun.Create(output);

        var timeline = await lab.UpUntilAsync(
            UntilClaim, "blade-1", seen => seen.Contains("  claimed ", StringComparison.Ordinal) || seen.Contains("waits for an answer", StringComparison.Ordinal), "--method", "installer", "--distro", "debian-13");

        Assert.Matches("debian-13, partitioning\n(.*\n)+.*  claimed ", timeline);
        Assert.DoesNotContain("waits for an answer", timeline, StringComparison.Ordinal);
        Assert.DoesNotContain("base system", timeline, StringComparison.Ordinal);
    }
}
