using NetDeploy.Cli.Lab;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Tests.Lab;

/// <summary>A lab whose addresses another DHCP server leases.</summary>
public sealed class LabProxyTests
{
    [Fact]
    public void Its_documents_say_nothing_of_addresses()
    {
        var blade = BladeHardware.Make(1, BladeFirmware.Bios, BladeDisk.Virtio, BladeNic.Virtio);
        var documents = LabDocuments.For(new LabOptions { Distro = "debian-12", Mode = LabMode.Proxy }, [blade], new AptMirror("http://m.example/debian", "http://m.example/security"), "ssh-ed25519 A");
        Assert.Contains("mode: proxy", documents.Single(d => d.Path == "network.yaml").Content, StringComparison.Ordinal);
        Assert.All(documents, d => Assert.DoesNotContain("10.77.0.1", d.Content, StringComparison.Ordinal));
        Assert.All(documents, d => Assert.DoesNotContain("pools", d.Content, StringComparison.Ordinal));
        Assert.DoesNotContain("address:", documents.Single(d => d.Path == "blade-1.yaml").Content, StringComparison.Ordinal);
    }

    [Fact]
    public void The_main_servers_own_record_tells_whose_an_address_was()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "1795000000 52:54:00:00:00:01 10.77.0.200 blade-1 01:52:54:00:00:00:01\n");
        Assert.True(LabMainServer.Leased(file, "10.77.0.200"));
        Assert.False(LabMainServer.Leased(file, "10.77.0.20"));
        File.Delete(file);
        Assert.False(LabMainServer.Leased(file, "10.77.0.200"));
    }

    [Fact]
    public async Task Its_host_is_on_the_labs_bridge_and_goes_with_the_lab()
    {
        await using var host = new LabHost();
        Assert.SkipUnless(LabHost.Has("dnsmasq") && LabHost.Has("busybox"), "needs dnsmasq and busybox");
        var command = LabMainServer.Command(host.Network, Path.Combine(host.Folder.Root, "leases"), "10.77.0.1");
        Assert.Contains("--dhcp-boot=,,10.77.0.1", command.Arguments);
        await host.StartAsync(new LabPlan(host.Network, [command], []) { HasMainServer = true });

        var commands = new CommandRunner();
        var ping = await commands.RunAsync([.. host.Wire.Inside(["busybox", "ping", "-c", "1", "-W", "5", LabMainServer.Address])], TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.True(ping.Succeeded, ping.Output + ping.Error);
        Assert.Null((await new LabControl(host.Folder.ControlSocket).StateAsync(TestContext.Current.CancellationToken)).Children[0].ExitCode);
        Assert.True(LabPlan.Read(host.Folder.Plan)!.HasMainServer);

        await new LabTeardown(commands).RunAsync(host.Folder, host.Network, cancellationToken: TestContext.Current.CancellationToken);
        Assert.False(host.Wire.Exists);
        Assert.False(File.Exists("/run/netns/" + LabMainServer.NamespaceOf(host.Network)));
    }
}
