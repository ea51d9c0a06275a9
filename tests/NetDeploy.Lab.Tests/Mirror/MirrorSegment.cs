using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Cli;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Cli.Lab.Supervision;
using NetDeploy.Client;
using NetDeploy.Lab.Tests.Kills;
using NetDeploy.Server;

namespace NetDeploy.Lab.Tests.Mirror;

/// <summary>
/// An isolated network with a real <c>netdeploy serve</c> in it, whose only way out is a relay to one host, as in the lab. Clients are in a
/// namespace of their own, and reach nothing but the server.
/// </summary>
internal sealed class MirrorSegment : IAsyncDisposable
{
    public const string Client = "10.99.0.11";

    private readonly BladeSegment _segment;
    private readonly LabRelay _relay;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _relaying;
    private ServeProcess? _server;

    private MirrorSegment(BladeSegment segment, string folder, Uri upstream, LabRelay relay)
    {
        _segment = segment;
        Folder = folder;
        Upstream = upstream;
        _relay = relay;
        _relaying = relay.RunAsync(_ending.Token);
        Api = NetDeployClient.OverUnixSocket(ServerPaths.Socket(Data));
    }

    public string Folder { get; }

    public Uri Upstream { get; }

    public NetDeployClient Api { get; }

    /// <summary>What a client inside uses as its mirror.</summary>
    public static string Address => string.Create(CultureInfo.InvariantCulture, $"http://{BladeSegment.ServerAddress}:{BladeSegment.BootPort}/mirror/debian");

    /// <summary>The command, run among the clients.</summary>
    public IEnumerable<string> Inside(IEnumerable<string> command) => ["ip", "netns", "exec", _segment.Blades, .. command];

    public HttpClient Http() => _segment.ClientOf(() => System.Net.IPAddress.Parse(Client));

    /// <summary>Where the mirror's files are.</summary>
    public string Cache => Path.Combine(Folder, "mirrors", "debian");

    private string Data => Path.Combine(Folder, "data");

    private string Configuration => Path.Combine(Folder, "netdeploy.yaml");

    public static async Task<MirrorSegment> CreateAsync(Uri upstream)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, for network namespaces");
        var folder = Directory.CreateTempSubdirectory("ndt-mirror-").FullName;
        var bootFiles = Path.Combine(folder, "bootfiles");
        FakeBootFiles.Write(bootFiles, Installation.BootFiles);
        var way = Path.Combine(folder, "way-out.sock");
        var segment = new MirrorSegment(
            await BladeSegment.CreateAsync([Client]), folder, upstream, LabRelay.Listen(new RelayPlan(way, upstream.DnsSafeHost, upstream.Port), NullLogger.Instance));
        await File.WriteAllTextAsync(segment.Configuration, $$"""
            data: {{segment.Data}}
            interfaces: [{name: {{BladeSegment.ServerInterface}}}]
            bootPort: {{BladeSegment.BootPort}}
            bootFiles: {{bootFiles}}
            images: {{Path.Combine(folder, "images")}}
            mirrorFolder: {{Path.Combine(folder, "mirrors")}}
            mirrors:
              - {name: debian, upstream: '{{upstream}}', via: {{way}}, maxSize: 2GiB}
            """);
        await segment.StartAsync();
        var applied = await segment.Api.ApplyAsync(new ApplyRequest([new DocumentText("network.yaml", "apiVersion: netdeploy/v1\nkind: Network\nname: segment\nsubnet: 10.99.0.0/24\nmode: authoritative\n")]));
        Assert.True(applied.Applied, string.Join('\n', applied.Diagnostics));
        return segment;
    }

    public async Task StartAsync()
    {
        _server = new ServeProcess(_segment, Configuration);
        Assert.True(await _server.IsReadyAsync(Api));
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _server!.Kill();
        await _server.GoneAsync();
        _server.Dispose();
    }

    /// <summary>The upstream is out of reach from now on.</summary>
    public async Task CutAsync()
    {
        await _ending.CancelAsync();
        await _relaying;
        _relay.Dispose();
    }

    public async Task<MirrorView> ViewAsync() => Assert.Single(await Api.MirrorsAsync());

    public async ValueTask DisposeAsync()
    {
        _server?.Dispose();
        await CutAsync();
        Api.Dispose();
        await _segment.DisposeAsync();
        _ending.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
