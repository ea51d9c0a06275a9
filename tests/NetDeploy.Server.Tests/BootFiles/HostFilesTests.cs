using NetDeploy.Core.Profiles;
using NetDeploy.Core.Targets;
using NetDeploy.Core.Targets.DeployEnvironment;
using NetDeploy.Core.Targets.Plans;
using NetDeploy.Protocols;
using NetDeploy.Server.Tests.Documents;

namespace NetDeploy.Server.Tests.BootFiles;

/// <summary>What the plan writes for others to read, read by them: nft, shells, systemd.</summary>
public sealed class HostFilesTests : IDisposable
{
    private readonly Scratch _scratch = new();

    [Theory]
    [InlineData("{}")]
    [InlineData("{policy: accept, forward: drop}")]
    [InlineData("{allow: [{name: ssh, ports: [22], from: [10.0.0.0/8, 10.1.0.0/16, 10.1.2.3, 'fd00::/8', 'fd00:1::/32'], interface: br0}]}")]
    [InlineData("{allow: [{name: web, ports: [8000-8100, 80, 8050-8200, 8201, 1-65535]}, {name: u, protocol: udp}, {name: t, protocol: tcp, from: [10.1.2.3]}, {name: i, interface: br0}]}")]
    public async Task Nft_takes_the_firewall_twice_and_leaves_tables_of_others(string firewall)
    {
        Assert.SkipUnless(SourceTree.Tool("nft") is not null, "needs nft");
        var file = _scratch.Write("nftables.conf", File("/etc/nftables.conf", $"  bridges: [{{name: br0, members: [boot]}}]\n  firewall: {firewall}").Content);

        var result = await ShellRun.Async("unshare", ["-rn", "sh", "-euc", $"nft add table inet other; nft -f {file}; nft -c -f {file}; nft -f {file}; nft list ruleset"]);

        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("table inet other", result.Output, StringComparison.Ordinal);
        Assert.Single(result.Output.Split("table inet netdeploy")[1..]);
    }

    [Theory]
    [InlineData("{by: ansible-pull, repository: 'https://git.test/a', playbook: a.yml}")]
    [InlineData("{by: ansible-pull, repository: 'https://git.test/a', playbook: a.yml, ref: main}")]
    [InlineData("{by: puppet, server: puppet.test}")]
    [InlineData("{by: puppet, server: puppet.test, environment: blue}")]
    [InlineData("{by: salt, server: 10.0.0.1}")]
    public async Task Shellcheck_finds_nothing_in_a_hand_over(string handover)
    {
        Assert.SkipUnless(SourceTree.Tool("shellcheck") is not null, "needs shellcheck");
        var script = Plan("  handover: " + handover).Steps.OfType<TextFile>().Single(f => f.Path.Contains("first-boot.d/handover.", StringComparison.Ordinal));

        var result = await ShellRun.Async("shellcheck", [_scratch.Write("handover", script.Content)]);

        Assert.Equal("", result.Output + result.Error);
    }

    [Fact]
    public async Task Systemd_takes_the_unit_of_the_first_boot()
    {
        Assert.SkipUnless(SourceTree.Tool("systemd-analyze") is not null, "needs systemd-analyze");

        // It looks for the program that the unit starts.
        var unit = await System.IO.File.ReadAllTextAsync(Path.Combine(SourceTree.BootFiles, "deploy/first-boot/netdeploy-first-boot.service"), TestContext.Current.CancellationToken);
        var result = await ShellRun.Async("systemd-analyze", ["verify", "--man=no", _scratch.Write("netdeploy-first-boot.service", unit)]);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
    }

    public void Dispose() => _scratch.Dispose();

    private static TextFile File(string path, string system) => Plan(system).Steps.OfType<TextFile>().Single(f => f.Path == path);

    private static Plan Plan(string system)
    {
        var shipped = Directory.GetFiles(TestDocuments.Shipped, "*.yaml", SearchOption.AllDirectories).Select(p => new SourceText(p, System.IO.File.ReadAllText(p)));
        var machine = new SourceText("machine.yaml", $"apiVersion: netdeploy/v1\nkind: Machine\nname: m\ndistro: debian-12\nsystem:\n{system}\n");
        var parsed = DocumentSet.Parse([.. shipped, machine]);
        Assert.True(parsed.Value is not null, string.Join('\n', parsed.Diagnostics));
        var plan = DeployEnvironmentTarget.Compile(parsed.Value.Resolve(parsed.Value.Machines["m"]).Value!, new PlanContext
        {
            Deployment = "d1",
            ServerUrl = new("http://10.77.0.1:8080"),
            ImageSha256 = new string('a', 64),
            ImageLength = 1,
            FirstBootToken = new("first-boot", 1, "TOKEN"),
            BootMac = MacAddress.Parse("52:54:00:00:00:07"),
        });
        Assert.True(plan.Value is not null, string.Join('\n', plan.Diagnostics));
        return plan.Value;
    }
}
