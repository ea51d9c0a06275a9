using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Cli;
using NetDeploy.Cli.Lab;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Net;
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
    private readonly ImmutableArray<LabRelay> _relays;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _relaying;
    private ServeProcess? _server;

    private MirrorSegment(BladeSegment segment, string folder, IEnumerable<LabMirror> mirrors)
    {
        _segment = segment;
        Folder = folder;
        _relays = [.. LabMirror.Relays(mirrors).Select(r => LabRelay.Listen(r, NullLogger.Instance))];
        _relaying = Task.WhenAll(_relays.Select(r => r.RunAsync(_ending.Token)));
        Api = NetDeployClient.OverUnixSocket(ServerPaths.Socket(Data));
    }

    public string Folder { get; }

    public NetDeployClient Api { get; }

    /// <summary>What a client inside uses as its mirror.</summary>
    public static string Address => AddressOf("debian");

    /// <summary>The command, run among the clients.</summary>
    public IEnumerable<string> Inside(IEnumerable<string> command) => ["ip", "netns", "exec", _segment.Blades, .. command];

    /// <summary>The command, run where the server is.</summary>
    public IEnumerable<string> BesideServer(IEnumerable<string> command) => ["ip", "netns", "exec", _segment.Server, .. command];

    public string Images => Path.Combine(Folder, "images");

    public HttpClient Http() => _segment.ClientOf(() => System.Net.IPAddress.Parse(Client));

    /// <summary>Where the mirror's files are.</summary>
    public string Cache => Path.Combine(Folder, "mirrors", "debian");

    private string Data => Path.Combine(Folder, "data");

    private string Configuration => Path.Combine(Folder, "netdeploy.yaml");

    public static string AddressOf(string mirror) =>
        string.Create(CultureInfo.InvariantCulture, $"http://{BladeSegment.ServerAddress}:{BladeSegment.BootPort}/mirror/{mirror}");

    /// <summary>With this machine's own Debian mirrors.</summary>
    public static Task<MirrorSegment> CreateAsync() => CreateAsync(folder => LabMirror.Of(AptMirror.Read(), new LabFolder(folder)));

    public static Task<MirrorSegment> CreateAsync(Uri upstream) =>
        CreateAsync(folder => [new LabMirror("debian", upstream.ToString(), Path.Combine(folder, "way-out.sock"))]);

    private static async Task<MirrorSegment> CreateAsync(Func<string, ImmutableArray<LabMirror>> mirrorsIn)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, for network namespaces");
        var folder = Directory.CreateTempSubdirectory("ndt-mirror-").FullName;
        var bootFiles = Path.Combine(folder, "bootfiles");
        FakeBootFiles.Write(bootFiles, Installation.BootFiles);
        var mirrors = mirrorsIn(folder);
        var segment = new MirrorSegment(await BladeSegment.CreateAsync([Client]), folder, mirrors);
        await File.WriteAllTextAsync(segment.Configuration, $$"""
            data: {{segment.Data}}
            interfaces: [{name: {{BladeSegment.ServerInterface}}}]
            bootPort: {{BladeSegment.BootPort}}
            bootFiles: {{bootFiles}}
            images: {{segment.Images}}
            mirrorFolder: {{Path.Combine(folder, "mirrors")}}
            mirrors:
            {{string.Join('\n', mirrors.Select(m => $"  - {{name: {m.Name}, upstream: '{m.Upstream}', via: {m.Socket}, maxSize: 2GiB}}"))}}
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
        foreach (var relay in _relays)
        {
            relay.Dispose();
        }
    }

    public async Task<MirrorView> ViewAsync() => (await Api.MirrorsAsync()).Single(m => m.Name == "debian");

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
