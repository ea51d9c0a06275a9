using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Deployments;
using NetDeploy.Server.Boot;
using NetDeploy.Server.BootFiles;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Dhcp;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Enrolment;
using NetDeploy.Server.Images;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Linux;
using NetDeploy.Server.Management;
using NetDeploy.Server.Mirror;
using NetDeploy.Server.Power;
using NetDeploy.Server.Secrets;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Syslog;
using NetDeploy.Server.Telemetry;
using NetDeploy.Server.Tftp;

namespace NetDeploy.Server;

/// <summary>
/// The whole server: state is opened first, then the listeners, management last: who can reach the socket finds a server
/// that answers blades. What was opened is closed in the other order.
/// </summary>
public sealed class NetDeployServer : IAsyncDisposable
{
    /// <summary>How often those are looked for whose firmware ignores a proxy.</summary>
    private static readonly TimeSpan s_unfollowed = TimeSpan.FromSeconds(5);

    private readonly Stack<Func<ValueTask>> _closing = new();
    private readonly PartWatch _parts = new();
    private readonly ServerConfig _config;
    private readonly StartWarnings _logging;
    private readonly TimeProvider _clock;

    /// <summary>For what the boot networks can cause: a flood of packets is no flood of lines.</summary>
    private readonly LogBudget _budgeted;

    private ImmutableArray<(string Name, IPAddress Address)> _interfaces = [];
    private DocumentApplication? _application;
    private DhcpServer? _dhcp;

    private NetDeployServer(ServerConfig config, ILoggerFactory logging, TimeProvider clock)
    {
        _config = config;
        _logging = new StartWarnings(logging);
        _clock = clock;
        _budgeted = new LogBudget(_logging, clock);
        _closing.Push(() => Now(_budgeted.Dispose));
    }

    /// <summary>What its start found wrong but can live with. Who starts something beside the server adds to it.</summary>
    public StartWarnings Warnings => _logging;

    /// <summary>The boot listener's addresses.</summary>
    public ImmutableArray<IPEndPoint> BootEndPoints { get; private set; } = [];

    /// <summary>Ends where a loop died that the server cannot do without: then this process has to end, so that its supervisor starts it anew.</summary>
    public Task<ServerFault> Broken => _parts.Broken;

    /// <summary>What came with the documents in force, which an apply exchanges.</summary>
    private BootNetworks Networks => _application?.Networks ?? BootNetworks.None;

    /// <param name="bootFileSources">The folder <c>bootfiles/</c>, which says what must be there.</param>
    /// <exception cref="ServerFault">It cannot start here; nothing is left running.</exception>
    public static async Task<NetDeployServer> StartAsync(
        ServerConfig config, string bootFileSources, IPower power, ILoggerFactory logging, TimeProvider clock, CancellationToken cancellationToken)
    {
        var server = new NetDeployServer(config, logging, clock);
        try
        {
            await server.OpenAsync(bootFileSources, power, cancellationToken).ConfigureAwait(false);
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
                    $"The server cannot use its folders: {e.Message}", $"Look after the disk, its room and its permissions: {config.Data}, {config.Images} and {config.MirrorFolder} must be folders that this user may write.", e),
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

    private async Task OpenAsync(string bootFileSources, IPower power, CancellationToken cancellationToken)
    {
        _interfaces = Interfaces(_config);
        var verifying = Beside(() => BootFilesCatalog.Load(_config.BootFiles, bootFileSources));
        var state = OpenState();
        var files = await verifying.ConfigureAwait(false);
        if (files.Fault is { } missing)
        {
            throw missing;
        }

        if (files.Warning is { } outdated)
        {
            BootLog.Outdated(_logging.CreateLogger<NetDeployServer>(), outdated);
        }

        var parts = await OpenDecisionsAsync(state, files, power, cancellationToken).ConfigureAwait(false);
        await ServeHttpBootAsync(state, parts, files, cancellationToken).ConfigureAwait(false);
        ServeTftp(parts.Desk, files);
        ServeSyslog(parts.Deployments);
        ServeDhcp(state.Leases, parts.Desk, parts.Neighbours);
        await ServeManagementAsync(state, parts, cancellationToken).ConfigureAwait(false);

        // What the last process left undone.
        parts.Orders.Resume();
        _logging.Started();

        // After the start's own warnings, which stay: an apply ends these, and status tells them as of its call.
        var log = _logging.CreateLogger<NetDeployServer>();
        foreach (var uncovered in Networks.Uncovered(_interfaces))
        {
            DocumentLog.Uncovered(log, uncovered);
        }
    }

    private static ImmutableArray<(string Name, IPAddress Address)> Interfaces(ServerConfig config)
    {
        if (config.Interfaces.IsEmpty)
        {
            throw new ServerFault("No interface is configured.", "Name one that the blades are on: netdeploy serve --interface eth1, or interfaces: in the configuration.");
        }

        if (config.Interfaces.GroupBy(i => i.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ServerFault($"The interface '{twice.Key}' is named twice.", "Name each interface once: one address of it is served.");
        }

        return [.. config.Interfaces.Select(i => (i.Name, ServerConfig.AddressOf(i)))];
    }

    private State OpenState()
    {
        var data = _config.Data;
        DataFolders.Prepare(data, _logging.CreateLogger<NetDeployServer>());

        // The store's lock is what keeps a second server out, so it comes before anything that a second one would disturb.
        var store = Closing(LiteDbRecordStore.Open(ServerPaths.State(data), _config.Restored));
        var documents = Beside(() => DocumentStore.Open(ServerPaths.Documents(data), _config.Profiles, _budgeted.CreateLogger<DocumentStore>()));
        var leases = LeaseStore.Open(Path.Combine(ServerPaths.State(data), "leases.journal"), _clock, _budgeted.CreateLogger<LeaseStore>());
        _closing.Push(() => Now(leases.Dispose));
        var bulk = new BulkStore(ServerPaths.Bulk(data), clock: _clock);
        var mint = new TokenMint(ServerKey.LoadOrCreate(Path.Combine(ServerPaths.Keys(data), "tokens.key"), "open tokens are void then"));
        var sealedSecrets = Path.Combine(ServerPaths.State(data), "secrets.json");
        var secrets = SecretStore.Open(sealedSecrets, ServerKey.LoadOrCreate(
            Path.Combine(ServerPaths.Keys(data), "secrets.key"),
            $"every stored secret is lost then; move {sealedSecrets} away too, and set each again with 'netdeploy secret set'"));
        var mirrors = _config.Mirrors.ToDictionary(m => m.Name, m => Closing(new CachedMirror(m, Path.Combine(_config.MirrorFolder, m.Name), _clock, _budgeted.CreateLogger<CachedMirror>())));
        return new State(store, leases, bulk, mint, secrets, documents, mirrors);
    }

    private async Task<Decisions> OpenDecisionsAsync(State state, BootFilesCatalog files, IPower power, CancellationToken cancellationToken)
    {
        var neighbours = new Neighbours();
        _closing.Push(() => Now(neighbours.Dispose));
        var owners = new LeaseOwners(state.Leases, () => Networks, neighbours, _interfaces);
        var deployments = Closing(await DeploymentService.StartAsync(
            state.Store, state.Bulk, state.Mint, owners, _config.Deployments, _clock, _budgeted.CreateLogger<DeploymentService>(), cancellationToken).ConfigureAwait(false));
        var documents = await state.Documents.ConfigureAwait(false);
        var application = Closing(new DocumentApplication(
            documents, deployments, state.Secrets, [.. _interfaces.Select(i => i.Address)], _clock, _logging.CreateLogger<DocumentApplication>()));
        _application = application;
        await application.StartAsync(cancellationToken).ConfigureAwait(false);
        var images = new ImageStore(ImageSpool.Create(_config.Images), _clock, () => deployments.PinnedImages());
        var orders = Closing(new DeployOrders(deployments, documents, images, state.Bulk, state.Secrets, [.. _interfaces.Select(i => i.Address)], power, _logging.CreateLogger<DeployOrders>(), files.Installers));
        var seen = new SeenMachines(_clock);
        var enroller = new Enroller(documents, application, deployments, orders, state.Leases, _clock, _budgeted.CreateLogger<Enroller>());
        var hold = new HoldDesk(deployments, enroller, seen, new HeldMachines(_clock), owners, state.Mint, _budgeted.CreateLogger<HoldDesk>());
        orders.IsWaiting = machine => machine.Binding.Macs.Any(mac => hold.Held.Find(mac) is not null);
        var desk = new BootDesk(
            deployments,
            owners,
            new BootDeskOptions
            {
                HttpPort = _config.BootPort,
                SyslogPort = _config.SyslogPort,
                KernelArguments = _config.KernelArguments,
                LoaderOf = m => documents.Current.Snapshot.Machines.GetValueOrDefault(m.Name)?.UefiLoader,
            },
            _clock,
            _budgeted.CreateLogger<BootDesk>(),
            new Newcomers(enroller, hold, seen));
        return new Decisions(neighbours, owners, deployments, documents, application, images, orders, desk, enroller, hold);
    }

    private async Task ServeHttpBootAsync(State state, Decisions parts, BootFilesCatalog files, CancellationToken cancellationToken)
    {
        BootEndPoints = [.. _interfaces.Select(i => new IPEndPoint(i.Address, _config.BootPort))];
        var plans = new DeploymentPlans(parts.Deployments, state.Bulk, parts.Images, state.Secrets, _budgeted.CreateLogger<DeploymentPlans>());
        var app = BootListener.Build(BootEndPoints, parts.Desk, files, () => Networks, parts.Owners, parts.Deployments, plans, _budgeted, hold: parts.Hold,
            mirrors: new MirrorRoutes(state.Mirrors, _budgeted.CreateLogger<MirrorRoutes>()));
        await ListenAsync(app, cancellationToken).ConfigureAwait(false);
    }

    private void ServeTftp(BootDesk desk, BootFilesCatalog files)
    {
        foreach (var (name, address) in _interfaces)
        {
            var content = new TftpBoot(desk, files, () => Networks, _budgeted.CreateLogger<TftpBoot>());
            var options = new TftpOptions
            {
                Listen = [new IPEndPoint(address, TftpOptions.DefaultPort)],
                Interface = name,
                Serves = client => Networks.Served(client) is not null,
            };
            var tftp = Closing(new TftpServer(options, content, content, _budgeted.CreateLogger<TftpServer>(), _clock));
            tftp.Start();
            _parts.Add($"TFTP on {name}", tftp.Completion);
        }
    }

    private void ServeSyslog(DeploymentService deployments)
    {
        var logs = new InstallerLogs(deployments);
        foreach (var (name, address) in _interfaces)
        {
            var syslog = Closing(new SyslogServer(new IPEndPoint(address, _config.SyslogPort), logs, _budgeted.CreateLogger<SyslogServer>()));
            syslog.Start();
            _parts.Add($"syslog on {name}", syslog.Completion);
        }
    }

    private void ServeDhcp(LeaseStore leases, BootDesk desk, Neighbours neighbours)
    {
        var dhcp = new DhcpServer(
            new DhcpServerOptions { Interfaces = [.. _interfaces.Select(i => new DhcpInterface(i.Name, i.Address))] },
            leases, () => Networks.Addressing, desk, new LeaseNotes(desk), _clock, _budgeted.CreateLogger<DhcpServer>());
        _closing.Push(() => Now(dhcp.Dispose));
        dhcp.Start(neighbours);
        _dhcp = dhcp;
        var unfollowed = _clock.CreateTimer(_ => desk.SayUnfollowed(), null, s_unfollowed, s_unfollowed);
        _closing.Push(unfollowed.DisposeAsync);
        _closing.Push(() => Now(dhcp.Stop));
        _parts.Add("DHCP", dhcp.Completion);
    }

    private async Task ServeManagementAsync(State state, Decisions parts, CancellationToken cancellationToken)
    {
        var version = typeof(NetDeployServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
        var facts = new ServerFacts(version, _clock.GetUtcNow(), [.. BootEndPoints.Select(e => $"http://{e}")],
            () => [.. Warnings.Texts, .. Networks.Uncovered(_interfaces), .. _dhcp?.Warnings() ?? [], .. parts.Application.Rendering.Warnings,
                .. state.Mirrors.Values.Select(m => m.Fault ?? m.Shortage).OfType<MirrorFault>().Select(f => $"{f.Message}. {f.Remedy}")],
            () => _dhcp?.Foreign.List() ?? []);
        var services = new ManagementServices(
            parts.Deployments, parts.Orders, parts.Documents, parts.Application, parts.Desk, state.Leases, state.Bulk, parts.Images, state.Secrets, parts.Enroller, parts.Hold, facts,
            [.. state.Mirrors.Values]);
        var socket = ServerPaths.Socket(_config.Data);
        await ListenAsync(ManagementListener.Build(socket, services, _logging), cancellationToken).ConfigureAwait(false);
        ManagementListener.Restrict(socket);
        _closing.Push(() => Now(() => File.Delete(socket)));
    }

    private async Task ListenAsync(WebApplication app, CancellationToken cancellationToken)
    {
        _closing.Push(app.DisposeAsync);
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw NoPermission(_config.BootPort, e);
        }
        catch (IOException e)
        {
            throw new ServerFault($"The listener cannot start: {e.Message}", "Stop the program that holds the address, or set another bootPort in the configuration.", e);
        }

        _closing.Push(async () => await app.StopAsync(CancellationToken.None).ConfigureAwait(false));
    }

    /// <summary>Not another port: DHCP and TFTP have low ports that no setting moves, so the privilege is needed anyway.</summary>
    internal static ServerFault NoPermission(int port, Exception? inner = null) => new(
        $"The boot listener has no permission for TCP port {port}.",
        "Start as root, or give the service CAP_NET_BIND_SERVICE, CAP_NET_RAW and CAP_NET_ADMIN (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_NET_ADMIN): the ports of DHCP and TFTP need that too.",
        inner);

    /// <summary>What takes long and needs nothing of the rest goes on beside it. Whoever closes the server waits for its end, and then lets the store's lock go.</summary>
    private Task<T> Beside<T>(Func<T> open)
    {
        var opening = Task.Run(open);
        _closing.Push(async () => await Task.WhenAny(opening).ConfigureAwait(false));
        return opening;
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

    /// <summary>What survives this process.</summary>
    /// <param name="Documents">Still being read.</param>
    private sealed record State(LiteDbRecordStore Store, LeaseStore Leases, BulkStore Bulk, TokenMint Mint, SecretStore Secrets, Task<DocumentStore> Documents,
        IReadOnlyDictionary<string, CachedMirror> Mirrors);

    /// <summary>What decides, over that state.</summary>
    private sealed record Decisions(
        Neighbours Neighbours, LeaseOwners Owners, DeploymentService Deployments, DocumentStore Documents, DocumentApplication Application, ImageStore Images, DeployOrders Orders, BootDesk Desk, Enroller Enroller, HoldDesk Hold);
}
