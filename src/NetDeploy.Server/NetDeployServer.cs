using System.Collections.Immutable;
using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Deployments;
using NetDeploy.Server.Boot;
using NetDeploy.Server.BootFiles;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Dhcp;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Images;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Management;
using NetDeploy.Server.Power;
using NetDeploy.Server.Secrets;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Telemetry;
using NetDeploy.Server.Tftp;

namespace NetDeploy.Server;

/// <summary>
/// The whole server: state is opened first, then the listeners, management last: who can reach the socket finds a server
/// that answers blades. What was opened is closed in the other order.
/// </summary>
public sealed class NetDeployServer : IAsyncDisposable
{
    private readonly Stack<Func<ValueTask>> _closing = new();
    private readonly StartWarnings _logging;

    private NetDeployServer(ILoggerFactory logging) => _logging = new StartWarnings(logging);

    /// <summary>What its start found wrong but can live with. Who starts something beside the server adds to it.</summary>
    public StartWarnings Warnings => _logging;

    /// <summary>The boot listener's addresses.</summary>
    public ImmutableArray<IPEndPoint> BootEndPoints { get; private set; } = [];

    /// <param name="bootFileSources">The folder <c>bootfiles/</c>, which says what must be there.</param>
    /// <exception cref="ServerFault">It cannot start here; nothing is left running.</exception>
    public static async Task<NetDeployServer> StartAsync(
        ServerConfig config, string bootFileSources, IPower power, DeploymentLimits limits, ILoggerFactory logging, TimeProvider clock, CancellationToken cancellationToken)
    {
        var server = new NetDeployServer(logging);
        try
        {
            await server.OpenAsync(config, bootFileSources, power, limits, clock, cancellationToken).ConfigureAwait(false);
            return server;
        }
        catch (Exception e)
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw e switch
            {
                UnauthorizedAccessException => new ServerFault(e.Message, $"Run the server as the user that owns {config.Data}, or as root.", e),
                BootFilesException files => new ServerFault(files.Message, files.Remedy, e),
                IOException or InvalidDataException => new ServerFault(
                    $"The server cannot use its folders: {e.Message}", $"Look after the disk, its room and its permissions: {config.Data} and {config.Images} must be folders that this user may write.", e),
                _ => e,
            };
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_closing.TryPop(out var close))
        {
            await close().ConfigureAwait(false);
        }
    }

    private async Task OpenAsync(ServerConfig config, string bootFileSources, IPower power, DeploymentLimits limits, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (config.Interfaces.IsEmpty)
        {
            throw new ServerFault("No interface is configured.", "Name one that the blades are on: netdeploy serve --interface eth1, or interfaces: in the configuration.");
        }

        if (config.Interfaces.GroupBy(i => i.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ServerFault($"The interface '{twice.Key}' is named twice.", "Name each interface once: one address of it is served.");
        }

        ImmutableArray<(string Name, IPAddress Address)> interfaces = [.. config.Interfaces.Select(i => (i.Name, ServerConfig.AddressOf(i)))];
        var files = BootFilesCatalog.Load(config.BootFiles, bootFileSources);
        if (!files.Faults.IsEmpty)
        {
            throw new ServerFault(
                "Boot files are missing: " + string.Join("; ", files.Faults.Select(f => $"{f.Name} {f.Reason}")),
                "Run " + string.Join(" and ", files.Faults.Select(f => f.Remedy).Distinct()) + ".");
        }

        // State. The store's lock is what keeps a second server out, so it comes before anything that a second one would disturb.
        foreach (var folder in (string[])[ServerPaths.State(config.Data), ServerPaths.Keys(config.Data), ServerPaths.Documents(config.Data), ServerPaths.Bulk(config.Data)])
        {
            // Documents hold password hashes, logs hold what a machine said: no other user of this computer reads them.
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        // What the boot networks can cause is logged with a budget.
        var logging = new LogBudget(_logging, clock);
        _closing.Push(() => Now(logging.Dispose));
        var store = Closing(LiteDbRecordStore.Open(ServerPaths.State(config.Data), config.Restored));
        var leases = LeaseStore.Open(Path.Combine(ServerPaths.State(config.Data), "leases.journal"), clock, logging.CreateLogger<LeaseStore>());
        _closing.Push(() => Now(leases.Dispose));
        var bulk = new BulkStore(ServerPaths.Bulk(config.Data), clock: clock);
        var mint = new TokenMint(ServerKey.LoadOrCreate(Path.Combine(ServerPaths.Keys(config.Data), "tokens.key"), "open tokens are void then"));
        var secrets = SecretStore.Open(
            Path.Combine(ServerPaths.State(config.Data), "secrets.json"), ServerKey.LoadOrCreate(Path.Combine(ServerPaths.Keys(config.Data), "secrets.key"),
                "every stored secret is unreadable then; remove state/secrets.json too and set each again with 'netdeploy secret set'"));
        var documents = DocumentStore.Open(ServerPaths.Documents(config.Data), config.Profiles);

        // Decisions.
        DocumentApplication? application = null;
        BootNetworks Networks() => application?.Networks ?? BootNetworks.None;
        var owners = new LeaseOwners(leases, Networks);
        var deployments = Closing(await DeploymentService.StartAsync(
            store, bulk, mint, owners, limits, clock, logging.CreateLogger<DeploymentService>(), cancellationToken).ConfigureAwait(false));
        application = new DocumentApplication(documents, deployments, [.. interfaces.Select(i => i.Address)], _logging.CreateLogger<DocumentApplication>());
        _closing.Push(() => Now(application.Dispose));
        await application.StartAsync(cancellationToken).ConfigureAwait(false);
        var spool = ImageSpool.Create(config.Images);
        var images = new ImageStore(spool, clock, () => deployments.PinnedImages());
        var orders = Closing(new DeployOrders(deployments, documents, images, bulk, power, _logging.CreateLogger<DeployOrders>()));
        var desk = new BootDesk(
            deployments,
            owners,
            new BootDeskOptions
            {
                HttpPort = config.BootPort,
                KernelArguments = config.KernelArguments,
                LoaderOf = m => documents.Current.Snapshot.Machines.GetValueOrDefault(m.Name)?.UefiLoader,
            },
            clock,
            logging.CreateLogger<BootDesk>());

        // Boot listeners.
        BootEndPoints = [.. interfaces.Select(i => new IPEndPoint(i.Address, config.BootPort))];
        var plans = new DeploymentPlans(deployments, bulk, images, secrets, logging.CreateLogger<DeploymentPlans>());
        await ListenAsync(BootListener.Build(BootEndPoints, desk, files, Networks, owners, deployments, plans, logging), cancellationToken).ConfigureAwait(false);
        foreach (var (name, address) in interfaces)
        {
            var content = new TftpBoot(desk, files, Networks, logging.CreateLogger<TftpBoot>());
            var tftp = Closing(new TftpServer(
                new TftpOptions { Listen = [new IPEndPoint(address, TftpOptions.DefaultPort)], Interface = name }, content, content, logging.CreateLogger<TftpServer>(), clock));
            tftp.Start();
        }

        var dhcp = new DhcpServer(
            new DhcpServerOptions { Interfaces = [.. interfaces.Select(i => new DhcpInterface(i.Name, i.Address))] },
            leases, () => Networks().Addressing, desk, new LeaseNotes(desk), clock, logging.CreateLogger<DhcpServer>());
        _closing.Push(() => Now(dhcp.Dispose));
        dhcp.Start();
        _closing.Push(() => Now(dhcp.Stop));

        // Management, and what the last process left undone.
        var version = typeof(NetDeployServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
        var facts = new ServerFacts(version, clock.GetUtcNow(), [.. BootEndPoints.Select(e => $"http://{e}")], () => Warnings.Texts);
        var socket = ServerPaths.Socket(config.Data);
        var services = new ManagementServices(deployments, orders, documents, application, desk, leases, bulk, images, secrets, facts);
        await ListenAsync(ManagementListener.Build(socket, services, _logging), cancellationToken).ConfigureAwait(false);
        ManagementListener.Restrict(socket);
        _closing.Push(() => Now(() => File.Delete(socket)));
        orders.Resume();
        _logging.Started();
    }

    private async Task ListenAsync(WebApplication app, CancellationToken cancellationToken)
    {
        _closing.Push(app.DisposeAsync);
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new ServerFault($"The listener cannot start: {e.Message}", "Stop the program that holds the address, or set another bootPort in the configuration.", e);
        }

        _closing.Push(async () => await app.StopAsync(CancellationToken.None).ConfigureAwait(false));
    }

    private T Closing<T>(T part)
        where T : IAsyncDisposable
    {
        _closing.Push(part.DisposeAsync);
        return part;
    }

    private static ValueTask Now(Action close)
    {
        close();
        return ValueTask.CompletedTask;
    }
}
