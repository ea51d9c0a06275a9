using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Net;

namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>
/// The background process that owns a lab: namespace, server, worker and blades. All of them die with it, even when it
/// is killed; the namespace and the folder then wait for <c>lab down</c>.
/// </summary>
internal sealed class LabSupervisor : IAsyncDisposable
{
    private readonly LabFolder _folder;
    private readonly LabNetwork _network;
    private readonly LabMainServer? _mainServer;
    private readonly ChildSpawner _spawner = new();
    private readonly ImmutableArray<SupervisedChild> _children;
    private readonly ImmutableArray<Blade> _blades;
    private readonly ImmutableArray<RelayPlan> _relays;
    private readonly ImmutableArray<LabVlan> _vlans;
    private readonly List<OverlayMirror> _overlays = [];
    private readonly Accelerator _accelerator;
    private readonly ILogger _logger;
    private readonly Lock _writing = new();
    private readonly TaskCompletionSource _down = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private LabSupervisor(LabFolder folder, LabPlan plan, Accelerator accelerator, ILogger logger)
    {
        _folder = folder;
        _accelerator = accelerator;
        _logger = logger;
        _network = new LabNetwork(new CommandRunner(), plan.Network) { Vlans = plan.Vlans };
        _mainServer = plan.HasMainServer ? new LabMainServer(new CommandRunner(), plan.Network) : null;
        _relays = plan.Relays;
        _vlans = plan.Vlans;
        _children = [.. plan.Children.Select(c => new SupervisedChild(c, folder.Log(c.Name), _network, _spawner, logger))];
        _blades = [.. plan.Blades.Select(hardware =>
        {
            var files = new BladeFiles(folder.Blade(hardware.Name), folder.Console(hardware.Name));
            files.MakeNew(hardware);
            return new Blade(hardware, files, folder.Log(hardware.Name + ".qemu"), _network, _spawner, accelerator, logger);
        })];
    }

    /// <summary>Runs the lab of <c>plan.json</c> in <paramref name="folder"/> until it is told to go down; the exit code.</summary>
    public static async Task<int> RunAsync(LabFolder folder)
    {
        using var logs = LoggerFactory.Create(b => b.AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.UseUtcTimestamp = true;
            o.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        }));
        var logger = logs.CreateLogger("lab");
        var plan = JsonSerializer.Deserialize(await File.ReadAllTextAsync(folder.Plan).ConfigureAwait(false), LabJson.Default.LabPlan)
            ?? throw new UserFault($"{folder.Plan} is empty.", $"Run '{folder.Command("down")}', then '{folder.Command("up")}'.");
        var accelerator = plan.Blades.IsEmpty ? Accelerator.Tcg : await Accelerator.ProbeAsync(new CommandRunner()).ConfigureAwait(false);

        var supervisor = new LabSupervisor(folder, plan, accelerator, logger);
        await using (supervisor.ConfigureAwait(false))
        {
            using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
            {
                context.Cancel = true;
                supervisor._down.TrySetResult();
            });
            await supervisor.ServeAsync().ConfigureAwait(false);
        }

        return Invocation.Done;
    }

    public LabState State => new(
        _network.Name,
        LabNetwork.ServerAddress,
        _accelerator.Name,
        ProcessIdentity.Of(Environment.ProcessId)!,
        [.. _children.Select(c => c.State)],
        [.. _blades.Select(b => b.State)]);

    public async ValueTask DisposeAsync()
    {
        foreach (var blade in _blades)
        {
            await blade.PowerOffAsync(CancellationToken.None).ConfigureAwait(false);
            blade.Dispose();
        }

        foreach (var child in _children.Reverse())
        {
            await child.EndAsync().ConfigureAwait(false);
            child.Dispose();
        }

        foreach (var overlay in _overlays)
        {
            await overlay.DisposeAsync().ConfigureAwait(false);
        }

        await (_mainServer?.RemoveAsync() ?? Task.CompletedTask).ConfigureAwait(false);
        await _network.RemoveAsync().ConfigureAwait(false);
        _spawner.Dispose();
    }

    private async Task ServeAsync()
    {
        await _network.CreateAsync().ConfigureAwait(false);
        await (_mainServer?.CreateAsync() ?? Task.CompletedTask).ConfigureAwait(false);
        WriteState();
        using var stop = new CancellationTokenSource();
        using var advertiser = RouterAdvertiser.Open(_network);
        var advertising = advertiser.RunAsync(stop.Token);
        _ = advertising.ContinueWith(t => _logger.AdvertiserStopped(t.Exception!), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

        var taggers = new List<VlanTagger>(_vlans.Select(v => VlanTagger.Open(_network, v)));
        var tagging = Task.WhenAll(taggers.Select(t => t.RunAsync(stop.Token)));
        foreach (var blade in _blades)
        {
            blade.Changed += WriteState;
        }

        // The server may want its mirror's way out from its first moment on.
        var relays = new List<LabRelay>(_relays.Where(r => r.Overlay is null).Select(r => LabRelay.Listen(r, _logger)));
        foreach (var relay in _relays.Where(r => r.Overlay is not null))
        {
            _overlays.Add(await OverlayMirror.ListenAsync(relay.Socket, relay.Overlay!, stop.Token).ConfigureAwait(false));
        }

        var relaying = Task.WhenAll(relays.Select(r => r.RunAsync(stop.Token)));
        foreach (var child in _children)
        {
            child.Changed += WriteState;
            await child.StartAsync().ConfigureAwait(false);
        }

        WriteState();
        using var control = ControlServer.Listen(_folder.ControlSocket, AnswerAsync, _logger);
        var listening = control.RunAsync(stop.Token);
        _logger.Up(_network.Name, _blades.Length, _accelerator.Name);
        await Task.WhenAny(_down.Task, listening).ConfigureAwait(false);
        _logger.GoingDown();
        await stop.CancelAsync().ConfigureAwait(false);
        await listening.ConfigureAwait(false);
        await relaying.ConfigureAwait(false);
        relays.ForEach(r => r.Dispose());
        await tagging.ConfigureAwait(false);
        taggers.ForEach(t => t.Dispose());
    }

    private async Task<ControlAnswer> AnswerAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        try
        {
            switch (request.Verb)
            {
                case "state":
                    break;
                case "on":
                    await Find(request.Blade).PowerOnAsync(cancellationToken).ConfigureAwait(false);
                    break;
                case "off":
                    await Find(request.Blade).PowerOffAsync(cancellationToken).ConfigureAwait(false);
                    break;
                case "cycle":
                    await Find(request.Blade).CycleAsync(cancellationToken).ConfigureAwait(false);
                    break;
                case "renew":
                    await Find(request.Blade).RenewAsync(cancellationToken).ConfigureAwait(false);
                    break;
                case "down":
                    _down.TrySetResult();
                    break;
                default:
                    return new ControlAnswer($"Unknown verb '{request.Verb}'.", null);
            }

            return new ControlAnswer(null, State);
        }
        catch (UserFault e)
        {
            return new ControlAnswer($"{e.Message} {e.Remedy}".TrimEnd(), null);
        }
    }

    private Blade Find(string? nameOrMac) =>
        _blades.FirstOrDefault(b => nameOrMac is not null && b.Is(nameOrMac))
        ?? throw new UserFault($"The lab has no blade '{nameOrMac}'.", $"It has {string.Join(", ", _blades.Select(b => b.Hardware.Name))}.");

    private void WriteState()
    {
        lock (_writing)
        {
            State.Write(_folder.State);
        }
    }
}
