using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Protocols;
using NetDeploy.Server.Boot;
using NetDeploy.Server.BootFiles;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Images;
using NetDeploy.Server.Mirror;
using NetDeploy.Server.Secrets;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Deployments;
using NetDeploy.Server.Tests.Documents;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Boot;

/// <summary>
/// The real boot listener on loopback, over the real store, documents, images and secrets. Blade and neighbour ask from
/// addresses of their own in 127.0.0.0/24, which a table leases to them.
/// </summary>
internal sealed partial class BootHost : IAsyncDisposable
{
    public const string Name = "blade1";
    public const string RootHash = "$6$abc$neverwrittentodisk";
    public static readonly MacAddress Mac = MacAddress.Parse(TestDocuments.Mac, CultureInfo.InvariantCulture);
    public static readonly MacAddress NeighbourMac = MacAddress.Parse("52:54:00:00:00:99", CultureInfo.InvariantCulture);
    public static readonly IPAddress Blade = IPAddress.Parse("127.0.0.10");
    public static readonly IPAddress Neighbour = IPAddress.Parse("127.0.0.99");

    private readonly TemporaryFolder _folder = new();
    private readonly FakeOwners _owners = new();
    private readonly NetworkSpecRef _network;
    private readonly DocumentStore _documents;
    private readonly BulkStore _bulk;
    private readonly string _image = Convert.ToHexStringLower(SHA256.HashData("image"u8));
    private BootDesk? _desk;

    private BootHost()
    {
        _owners.Lease(Blade, Mac);
        _owners.Lease(Neighbour, NeighbourMac);
        _network = new NetworkSpecRef(new NetworkSpec { Name = "lab", Subnet = IPNetwork.Parse("127.0.0.0/24") }, IPAddress.Loopback);
        _documents = TestDocuments.Open(_folder["documents"]);
        Assert.True(_documents.Apply(TestDocuments.Blade()).Accepted);
        _bulk = new BulkStore(_folder["bulk"]);
    }

    public WebApplication App { get; private set; } = null!;

    /// <summary>What TFTP serves here, without its engine.</summary>
    public TftpBoot Tftp { get; private set; } = null!;

    /// <summary>The networks in force; an apply exchanges them.</summary>
    public BootNetworks Networks { get; set; } = BootNetworks.None;

    public DeploymentService Service { get; private set; } = null!;

    public SecretStore Secrets { get; private set; } = null!;

    /// <summary>What the listener offers as <c>/mirror/NAME/</c>; a test puts its own in, and disposes them.</summary>
    public Dictionary<string, CachedMirror> Mirrors { get; } = [];

    public string Folder => _folder.Path;

    public int Port { get; private set; }

    public Deployment? Current => Service.Current(Service.Machines.ByName(Name)!.Id);

    public static async Task<BootHost> StartAsync(int connectionsOfStrangers = ConnectionLimit.OfStrangers)
    {
        var host = new BootHost();
        var service = await DeploymentService.StartAsync(
            new InMemoryRecordStore(), host._bulk, new TokenMint(new byte[32]), host._owners, new DeploymentLimits(), TimeProvider.System, NullLogger.Instance);
        host.Service = service;
        await service.PutMachineAsync(new MachineDraft(Name, MachineKind.Metal, new Binding { Macs = [Mac] }, [], false));
        var spool = ImageSpool.Create(host._folder["images"]);
        await File.WriteAllTextAsync(spool.BlobFile(host._image), "image");
        host.Secrets = SecretStore.Open(host._folder["secrets.json"], new byte[32]);
        host.Secrets.Set("root-hash", RootHash);
        var loader = host._folder["snponly.efi"];
        await File.WriteAllTextAsync(loader, "a loader");
        var files = new BootFilesCatalog
        {
            Loaders = ImmutableDictionary<string, BootFile>.Empty.Add("snponly.efi", new BootFile(loader, "", 8)),
            Installers = new InstallerShelf(host._folder["installers"]),
            Faults = [],
        };
        host._desk = new BootDesk(service, host._owners, new BootDeskOptions { HttpPort = 8080 }, TimeProvider.System, NullLogger.Instance);
        host.Networks = NetworksOf("127.0.0.0/24");
        host.Tftp = new TftpBoot(host._desk, files, () => host.Networks, NullLogger.Instance);
        host.App = BootListener.Build(
            [new IPEndPoint(IPAddress.Loopback, 0)], host._desk, files, () => host.Networks, host._owners, service,
            new DeploymentPlans(service, host._bulk, new ImageStore(spool, TimeProvider.System, service.PinnedImages), host.Secrets, NullLogger.Instance),
            NullLoggerFactory.Instance,
            connectionsOfStrangers,
            mirrors: new MirrorRoutes(host.Mirrors, NullLogger.Instance));
        await host.App.StartAsync();
        host.Port = new Uri(host.App.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        return host;
    }

    public static BootNetworks NetworksOf(params string[] subnets)
    {
        var (networks, diagnostics) = BootNetworks.Of(
            subnets.Select((subnet, i) => new NetworkSpec { Name = $"lab{i}", Subnet = IPNetwork.Parse(subnet) }), [], [IPAddress.Loopback]);
        Assert.Empty(diagnostics);
        return networks!;
    }

    public async Task GrantAsync()
    {
        var state = _documents.Current;
        var machine = state.Snapshot.Machines[Name];
        var pin = await PinnedRecipe.PinAsync(_bulk, state, machine, null, null, CancellationToken.None);
        var recipe = state.Snapshot.Resolve(machine, null, null).Value!;
        Assert.True((await Service.GrantAsync(new GrantRequest(Name, recipe.Hash, pin.Write(), "key", _image, "test"))).Ok);
    }

    /// <summary>The same machine by its distribution's own installer.</summary>
    public async Task GrantInstallerAsync(InstallerStart installer)
    {
        var state = _documents.Current;
        var machine = state.Snapshot.Machines[Name];
        var pin = await PinnedRecipe.PinAsync(_bulk, state, machine, null, InstallMethod.Installer, CancellationToken.None);
        var recipe = state.Snapshot.Resolve(machine, null, InstallMethod.Installer).Value!;
        Assert.True((await Service.GrantAsync(new GrantRequest(Name, recipe.Hash, pin.Write(), null, null, "test", Installer: installer))).Ok);
        Assert.True(await Service.ImageReadyAsync(Current!.Id, installer.BuildId));
    }

    /// <summary>The blade is switched on and fetches its script; null where that holds no token.</summary>
    public async Task<string?> BootAsync()
    {
        _desk!.Offer(new BootClient { Mac = Mac, Stage = BootStage.Ipxe, Architectures = [0] }, _network, out _);
        var (_, script) = await SendAsync(Blade, HttpMethod.Get, $"/boot/script?mac={Mac}");
        return TokenPattern().Match(script) is { Success: true } match ? match.Groups[1].Value : null;
    }

    /// <summary>A client whose connections come from an address.</summary>
    public HttpClient From(IPAddress source) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) => new NetworkStream(await ConnectAsync(source, cancellationToken), ownsSocket: true),
    })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{Port}"),
        Timeout = TimeSpan.FromSeconds(30),
    };

    public async Task<Socket> ConnectAsync(IPAddress source, CancellationToken cancellationToken = default)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(source, 0));
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port), cancellationToken);
        return socket;
    }

    /// <summary>Asks in the name of the newest deployment, or of one that is named.</summary>
    public Task<(HttpStatusCode Status, string Body)> DeployAsync(IPAddress source, HttpMethod method, string what, string? token, string? body = null, string? id = null) =>
        SendAsync(source, method, $"/deploy/{id ?? Current!.Id}/{what}", token, body is null ? null : new StringContent(body));

    public async Task<(HttpStatusCode Status, string Body)> SendAsync(IPAddress source, HttpMethod method, string path, string? token = null, HttpContent? content = null)
    {
        using var client = From(source);
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        using var response = await client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Writes these very bytes and reads until the server closes: ask it to, by HTTP/1.0 or 'Connection: close'.</summary>
    public async Task<string> RawAsync(IPAddress source, string request)
    {
        using var socket = await ConnectAsync(source);
        await socket.SendAsync(System.Text.Encoding.Latin1.GetBytes(request));
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await reader.ReadToEndAsync(patience.Token);
    }

    public async Task<List<TimelineEntry>> AlarmsAsync()
    {
        await Service.DrainEvidenceAsync();
        return [.. (await Service.TimelineAsync(Name))!.Entries.Where(e => e.Severity == TimelineSeverity.Alarm)];
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await Service.DisposeAsync();
        _folder.Dispose();
    }

    [GeneratedRegex("netdeploy\\.token=([A-Za-z0-9_-]{43})")]
    private static partial Regex TokenPattern();
}
