using System.Globalization;
using NetDeploy.Cli;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Client;
using NetDeploy.Lab.Tests.Kills;
using NetDeploy.Server;

namespace NetDeploy.Lab.Tests.Starts;

/// <summary>The real <c>netdeploy serve</c> without a privilege that it needs: it says which one, in the words of who can give it.</summary>
public sealed class MissingPrivilegeTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ndt-privilege-").FullName;
    private BladeSegment? _segment;

    private string Data => Path.Combine(_folder, "data");

    private string Configuration => Path.Combine(_folder, "netdeploy.yaml");

    /// <summary>Its ports are opened in the order boot, TFTP, DHCP: a kernel that gives the others away shows that each is told.</summary>
    /// <param name="free">Ports from here on need no privilege.</param>
    [Theory]
    [InlineData(80, 1024, "no permission for TCP port 80.", "Start as root")]
    [InlineData(BladeSegment.BootPort, 1024, "TFTP: no permission for port 69.", "")]
    [InlineData(BladeSegment.BootPort, 68, "may not open UDP port 67 on srv0", "Start as root")]
    public async Task Without_the_privilege_for_low_ports_it_ends_and_names_the_port_and_what_to_give(int bootPort, int free, string what, string remedy)
    {
        await PrepareAsync(bootPort);
        await InsideAsync("sysctl", "-qw", string.Create(CultureInfo.InvariantCulture, $"net.ipv4.ip_unprivileged_port_start={free}"));
        using var server = new ServeProcess(_segment!, Configuration, "setpriv", "--bounding-set", "-net_bind_service");

        Assert.Equal(Invocation.NotDone, await server.ExitCodeAsync());
        var said = server.Said.Split('\n');
        Assert.Contains(said, line => line.StartsWith("netdeploy: ", StringComparison.Ordinal) && line.Contains(what, StringComparison.Ordinal));
        var advice = Assert.Single(said, line => line.StartsWith("  remedy: ", StringComparison.Ordinal));
        Assert.Contains("CAP_NET_BIND_SERVICE", advice, StringComparison.Ordinal);
        Assert.Contains("AmbientCapabilities=", advice, StringComparison.Ordinal);
        Assert.Contains(remedy, advice, StringComparison.Ordinal);
    }

    /// <summary>DHCP has other ways to a client without an address.</summary>
    [Fact]
    public async Task Without_raw_packets_it_serves_and_warns()
    {
        await PrepareAsync(BladeSegment.BootPort);
        using var server = new ServeProcess(_segment!, Configuration, "setpriv", "--bounding-set", "-net_raw");
        using var client = NetDeployClient.OverUnixSocket(ServerPaths.Socket(Data));
        Assert.True(await server.IsReadyAsync(client));
        Assert.Contains("CAP_NET_RAW", Assert.Single((await client.StatusAsync(TestContext.Current.CancellationToken)).Warnings, w => w.Contains("No raw packets on srv0", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        if (_segment is not null)
        {
            await _segment.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task PrepareAsync(int bootPort)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, for network namespaces");
        _segment = await BladeSegment.CreateAsync([]);
        FakeBootFiles.Write(Path.Combine(_folder, "bootfiles"), Installation.BootFiles);
        await File.WriteAllTextAsync(Configuration, $$"""
            data: {{Data}}
            interfaces: [{name: {{BladeSegment.ServerInterface}}}]
            bootPort: {{bootPort}}
            bootFiles: {{Path.Combine(_folder, "bootfiles")}}
            images: {{Path.Combine(_folder, "images")}}
            """);
    }

    private async Task InsideAsync(params string[] command)
    {
        var result = await new CommandRunner().RunAsync(["ip", "netns", "exec", _segment!.Server, .. command], TimeSpan.FromSeconds(30));
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', command)}: {result}");
    }
}
