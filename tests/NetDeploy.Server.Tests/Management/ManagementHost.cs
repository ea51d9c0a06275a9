using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Client;
using NetDeploy.Core.Deployments;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Dhcp;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Enrolment;
using NetDeploy.Server.Images;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Management;
using NetDeploy.Server.Mirror;
using NetDeploy.Server.Power;
using NetDeploy.Server.Secrets;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Deployments;
using NetDeploy.Server.Tests.Documents;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Management;

/// <summary>The real management listener on its socket, over records that a test can make fail.</summary>
internal sealed class ManagementHost : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<IAsyncDisposable> _parts = [];
    private LeaseStore? _leases;

    public WebApplication App { get; private set; } = null!;

    public DeploymentService Service { get; private set; } = null!;

    public CachedMirror Mirror { get; private set; } = null!;

    /// <summary>Who asked without being a machine.</summary>
    public SeenMachines Seen { get; private set; } = null!;

    public string Folder => _folder.Path;

    public string Socket => _folder["run/netdeploy.sock"];

    public static async Task<ManagementHost> StartAsync(IRecordStore? store = null)
    {
        var host = new ManagementHost();
        var clock = TimeProvider.System;
        var bulk = new BulkStore(host._folder["bulk"]);
        var owners = new FakeOwners();
        var service = await DeploymentService.StartAsync(
            store ?? new InMemoryRecordStore(), bulk, new TokenMint(new byte[32]), owners, new DeploymentLimits(), clock, NullLogger.Instance);
        host.Service = service;
        var documents = TestDocuments.Open(host._folder["documents"]);
        var secrets = TestDocuments.Secrets(host._folder["secrets"]);
        var application = new DocumentApplication(documents, service, secrets, [IPAddress.Parse("10.77.0.1")], TimeProvider.System, NullLogger.Instance);
        await application.StartAsync(CancellationToken.None);
        var images = new ImageStore(ImageSpool.Create(host._folder["images"]), clock, service.PinnedImages);
        var orders = new DeployOrders(service, documents, images, bulk, secrets, [System.Net.IPAddress.Parse("10.77.0.1")], new ManualPower(), NullLogger.Instance);
        host.Mirror = new CachedMirror(new MirrorConfig("debian", new Uri("http://127.0.0.1:9/debian")), host._folder["mirror"], clock, NullLogger.Instance);
        host._parts.AddRange([orders, application, service, host.Mirror]);
        host._leases = LeaseStore.Open(host._folder["leases.journal"], clock, NullLogger<LeaseStore>.Instance);
        host.Seen = new SeenMachines(clock);
        var enroller = new Enroller(documents, application, service, orders, host._leases, clock, NullLogger.Instance);
        var hold = new HoldDesk(service, enroller, host.Seen, new HeldMachines(clock), owners, new TokenMint(new byte[32]), NullLogger.Instance);
        var services = new ManagementServices(
            service, orders, documents, application,
            new BootDesk(service, owners, new BootDeskOptions { HttpPort = 8080 }, clock, NullLogger.Instance, new Newcomers(enroller, hold, host.Seen)),
            host._leases,
            bulk,
            images,
            secrets,
            enroller,
            hold,
            new ServerFacts("test", clock.GetUtcNow(), [], () => ["a warning of the start"],
                () => [new ForeignServer("eth1", IPAddress.Parse("10.77.0.2"), null, true, clock.GetUtcNow(), clock.GetUtcNow())]),
            [host.Mirror]);
        host.App = ManagementListener.Build(host.Socket, services, NullLoggerFactory.Instance);
        await host.App.StartAsync();
        ManagementListener.Restrict(host.Socket);
        return host;
    }

    public NetDeployClient Client() => NetDeployClient.OverUnixSocket(Socket);

    public async Task<(HttpStatusCode Status, string Body)> SendAsync(HttpMethod method, string path, string? json = null)
    {
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        using var request = new HttpRequestMessage(method, "http://netdeploy" + path)
        {
            Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"),
        };
        using var response = await client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        foreach (var part in _parts)
        {
            await part.DisposeAsync();
        }

        _leases?.Dispose();
        _folder.Dispose();
    }
}
