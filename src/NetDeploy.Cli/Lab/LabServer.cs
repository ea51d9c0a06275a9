using System.Collections.Immutable;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Supervision;
using NetDeploy.Client;
using NetDeploy.Server;
using NetDeploy.Server.BootFiles;

namespace NetDeploy.Cli.Lab;

/// <summary>The lab's server: the same <c>netdeploy serve</c> and <c>netdeploy worker</c> that an operator runs, spoken to by the API alone.</summary>
internal sealed class LabServer(string dataFolder) : ILabServer, IDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    private readonly NetDeployClient _client = NetDeployClient.OverUnixSocket(ServerPaths.Socket(dataFolder));

    public void Dispose() => _client.Dispose();

    public async Task PrepareAsync(LabServerSetup setup, Action<string> say, CancellationToken cancellationToken)
    {
        try
        {
            var options = new BootFilesOptions { Sources = Installation.BootFiles };
            var catalog = await BootFilesCatalog.EnsureAsync(BootFiles(setup), options, new Lines(say), cancellationToken).ConfigureAwait(false);
            if (catalog.Fault is { } fault)
            {
                throw new UserFault(fault.Message, fault.Remedy, inner: fault);
            }
        }
        catch (BootFilesException e)
        {
            throw new UserFault(e.Message, e.Remedy, inner: e);
        }
    }

    public ImmutableArray<ChildCommand> Processes(LabServerSetup setup)
    {
        var environment = ImmutableDictionary<string, string>.Empty.Add("NETDEPLOY_HOME", Installation.Home);
        return
        [
            new ChildCommand("worker", ThisProgram.With("worker", "--images", Images(setup), "--user", BuildUser.Name), InsideNetwork: !setup.Mirrors.IsEmpty, OwnProcessTree: true, Environment: environment),
            // The worker needs the mirror, so it runs outside the lab's network unless the server offers it one, and not as the server's child.
            new ChildCommand(
                "server",
                ThisProgram.With([
                    "serve", "--data", setup.DataFolder, "--interface", setup.Interface, "--bootfiles", BootFiles(setup), "--images", Images(setup),
                    "--no-worker", .. setup.MoreInterfaces.SelectMany(i => new[] { "--interface", i }), "--lab-power", setup.LabPower, "--mirrors", Path.Combine(setup.CacheFolder, "mirrors"),
                    .. setup.Mirrors.SelectMany(m => new[] { "--lab-mirror", m.Argument })]),
                InsideNetwork: true,
                Environment: environment),
        ];
    }

    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        for (var clock = System.Diagnostics.Stopwatch.StartNew(); ;)
        {
            try
            {
                await _client.StatusAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (NetDeployApiException e) when (e.Status == 0 && clock.Elapsed < ReadyLimit)
            {
                await Task.Delay(100, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async Task ApplyAsync(IReadOnlyList<DocumentText> documents, CancellationToken cancellationToken)
    {
        var result = await _client.ApplyAsync(new ApplyRequest(documents), cancellationToken).ConfigureAwait(false);
        if (!result.Applied)
        {
            throw new NetDeployApiException("The lab's documents were refused.", "The lines above say where.", 409, result.Diagnostics);
        }
    }

    public Task<DeployResult> DeployAsync(string machine, CancellationToken cancellationToken) =>
        _client.DeployAsync(machine, new DeployRequest(Confirm: machine), cancellationToken);

    public Task<DeployResult> ReplaceAsync(string machine, BladeIdentity hardware, CancellationToken cancellationToken) =>
        _client.ReplaceAsync(machine, new ReplaceRequest([hardware.Mac], hardware.Uuid.ToString("D"), hardware.Serial, Confirm: machine), cancellationToken);

    public Task<MachineListView> MachinesAsync(CancellationToken cancellationToken) => _client.MachinesAsync(cancellationToken);

    public Task<MachineView> MachineAsync(string machine, CancellationToken cancellationToken) => _client.MachineAsync(machine, cancellationToken);

    public async Task<IReadOnlyList<TimelineView>> TimelineAsync(string machine, long after, TimeSpan wait, CancellationToken cancellationToken) =>
        await _client.TimelineAsync(machine, after, wait, cancellationToken).ConfigureAwait(false);

    private static string BootFiles(LabServerSetup setup) => Path.Combine(setup.CacheFolder, "bootfiles");

    /// <summary>
    /// Labs share it, and a worker takes what any of them queued. So it is not an operator's server's, whose network may be another, and
    /// a worker inside a lab's network, which reaches that lab's server alone, has one of its own.
    /// </summary>
    private static string Images(LabServerSetup setup) => Path.Combine(setup.CacheFolder, setup.Mirrors.IsEmpty ? "lab-images" : "lab-images-through-server");

    /// <summary>In order and at once, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class Lines(Action<string> say) : IProgress<string>
    {
        public void Report(string value) => say(value);
    }
}
