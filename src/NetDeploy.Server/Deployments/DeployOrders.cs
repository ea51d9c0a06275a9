using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Images;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Targets;
using NetDeploy.Server.BootFiles;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Images;
using NetDeploy.Server.Power;
using NetDeploy.Server.Secrets;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Deployments;

/// <param name="Diagnostics">Why the recipe does not render; empty where something else refused.</param>
public sealed record OrderResult(Deployment? Deployment, Refusal? Refusal, IReadOnlyList<Diagnostic> Diagnostics);

/// <summary>
/// The verb <c>deploy</c>: resolve and pin the recipe, ask for its image, and when that is there let the grant begin and switch
/// the machine on. A server that restarts in between takes up every deployment that was preparing.
/// </summary>
public sealed class DeployOrders : IAsyncDisposable
{
    private const string MendDocuments = "Mend what the diagnostics name, apply it and deploy again.";

    private readonly DeploymentService _deployments;
    private readonly DocumentStore _documents;
    private readonly ImageStore _images;
    private readonly BulkStore _bulk;
    private readonly SecretStore _secrets;
    private readonly IReadOnlyCollection<IPAddress> _serverAddresses;
    private readonly IPower _power;
    private readonly InstallerShelf _installers;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, Task> _preparing = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();

    public DeployOrders(DeploymentService deployments, DocumentStore documents, ImageStore images, BulkStore bulk, SecretStore secrets, IReadOnlyCollection<IPAddress> serverAddresses, IPower power, ILogger logger, InstallerShelf? installers = null)
    {
        _deployments = deployments;
        _documents = documents;
        _images = images;
        _bulk = bulk;
        _secrets = secrets;
        _serverAddresses = serverAddresses;
        _power = power;
        _logger = logger;
        _installers = installers ?? InstallerShelf.Empty;
    }

    /// <summary>True for a machine that waits in the deploy environment, and boots anew by itself once it has its grant.</summary>
    public Func<Machine, bool> IsWaiting { get; set; } = _ => false;

    /// <summary>Takes up the deployments that were preparing when the last process ended.</summary>
    public void Resume()
    {
        foreach (var deployment in _deployments.Preparing())
        {
            Prepare(deployment);
        }
    }

    /// <param name="confirm">The machine's name again; needed where a system is installed already.</param>
    public Task<OrderResult> DeployAsync(string name, string? distro, InstallMethod? method, string? confirm, string by, CancellationToken cancellationToken) =>
        DeployAsync(name, distro, method, confirm, by, onlyFirst: false, cancellationToken);

    /// <summary>The deployment of a machine that was just enrolled: refused where it ever had one. It is on already, and waits.</summary>
    public Task<OrderResult> DeployFirstAsync(string name, string by, CancellationToken cancellationToken) =>
        DeployAsync(name, null, null, null, by, onlyFirst: true, cancellationToken);

    private async Task<OrderResult> DeployAsync(
        string name, string? distro, InstallMethod? method, string? confirm, string by, bool onlyFirst, CancellationToken cancellationToken)
    {
        var state = _documents.Current;
        var (recipe, installer, refused) = Resolve(state, name, distro, method);
        if (recipe is null)
        {
            return refused!;
        }

        if (_deployments.Machines.ByName(name)?.HoldsSystem() is true && confirm != name)
        {
            return new(null, DeploymentService.Unconfirmed(name), []);
        }

        var pin = await PinnedRecipe.PinAsync(_bulk, state, state.Snapshot.Machines[name], distro, method, cancellationToken).ConfigureAwait(false);
        var key = installer is null ? ImageKey.Of(recipe.Image).Value : null;
        // Always through preparing, also where the image is there: one way in means one way to resume.
        var granted = await _deployments.GrantAsync(new GrantRequest(name, recipe.Hash, pin.Write(), key, null, by, onlyFirst, installer), cancellationToken).ConfigureAwait(false);
        if (granted.Value is not { } deployment)
        {
            return new(null, granted.Refusal, []);
        }

        Prepare(deployment, isOn: onlyFirst);
        return new(deployment, null, []);
    }

    /// <summary>Why this machine's documents, its quarantine or the boot files refuse a deploy, on whatever hardware; null where they do not.</summary>
    public OrderResult? Objection(string name) =>
        _deployments.Machines.ByName(name)?.Quarantine is { } quarantine
            ? new(null, DeploymentService.Quarantined(name, quarantine), [])
            : Resolve(_documents.Current, name, null, null).Refused;

    /// <summary>What a person must do to start this machine; null where the server does it.</summary>
    public string? Instruction(string name) =>
        _power is ManualPower && _deployments.Machines.ByName(name) is { } machine && !IsWaiting(machine) ? ManualPower.Instruction(machine) : null;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_preparing.Values).ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <returns>The installer where the recipe's method is that; a refusal alone where there is one.</returns>
    private (Recipe? Recipe, InstallerStart? Installer, OrderResult? Refused) Resolve(DesiredState state, string name, string? distro, InstallMethod? method)
    {
        if (!state.Snapshot.Machines.TryGetValue(name, out var spec))
        {
            return (null, null, new(null, new Refusal($"No document describes the machine {name}.", "netdeploy apply its document."), []));
        }

        var resolved = state.Snapshot.Resolve(spec, distro, method);
        if (resolved.Value is not { } recipe)
        {
            return (null, null, new(null, new Refusal($"The recipe of {name} does not resolve.", MendDocuments), resolved.Diagnostics));
        }

        var diagnostics = TargetCatalog.Check(recipe);
        if (diagnostics.Any(d => d.Severity == Severity.Error))
        {
            return (null, null, new(null, new Refusal($"The recipe of {name} cannot be rendered.", MendDocuments), diagnostics));
        }

        // Both would be found by the machine alone: it would boot, get no answer or no plan, and try again for ever.
        if (NetworkCover.Objection(spec, [.. state.Snapshot.Networks.Values], _serverAddresses) is { } uncovered)
        {
            return (null, null, new(null, uncovered, []));
        }

        var unstored = SecretCheck.Run(recipe, _secrets.Reveal(), Severity.Error);
        if (!unstored.IsEmpty)
        {
            return (null, null, new(null, new Refusal($"{name}: {unstored[0].Message}", $"{unstored[0].Remedy}. Then deploy again."), unstored));
        }

        if (recipe.Method != InstallMethod.Installer)
        {
            return (recipe, null, null);
        }

        return _installers.Current(recipe.Distro.Name) is { } boot
            ? (recipe, new InstallerStart(recipe.Distro.Name, boot.BuildId, boot.ComponentsSuite, recipe.System.Domain), null)
            : (null, null, new(null, new Refusal($"The installer of {recipe.Distro.Name} is not among the boot files.", $"{_installers.Remedy(recipe.Distro.Name)}, then deploy again."), []));
    }

    /// <param name="isOn">The machine waits for its grant: nobody has to switch it on.</param>
    private void Prepare(Deployment deployment, bool isOn = false) =>
        _preparing[deployment.Id] = Task.Run(async () =>
        {
            try
            {
                await PrepareAsync(deployment, isOn, _stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                // The next process resumes it.
            }
            catch (Exception e) when (e is ServerFault or StoreException or IOException or InvalidDataException or UnauthorizedAccessException)
            {
                DeploymentLog.PreparationFailed(_logger, deployment.MachineName, deployment.Id, e.Message);
                await FailAsync(deployment, e.Message).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Nobody awaits this task: the fault is logged with its stack, and the machine says why it waits no more.
            catch (Exception e)
#pragma warning restore CA1031
            {
                DeploymentLog.PreparationBroke(_logger, e, deployment.MachineName, deployment.Id);
                await FailAsync(deployment, e.Message).ConfigureAwait(false);
            }
            finally
            {
                _preparing.TryRemove(deployment.Id, out _);
            }
        });

    private async Task PrepareAsync(Deployment deployment, bool isOn, CancellationToken cancellationToken)
    {
        if (deployment.Installer is { } installer)
        {
            await PrepareInstallerAsync(deployment, installer, isOn, cancellationToken).ConfigureAwait(false);
            return;
        }

        var (_, recipe) = await PinnedRecipe.ResolveAsync(_bulk, deployment.PlanInputs!, deployment.RecipeHash, cancellationToken).ConfigureAwait(false);
        _images.Request(deployment.ImageKey!, recipe.Image);
        ImageEntry entry;
        try
        {
            entry = await _images.WaitAsync(deployment.ImageKey!, new ImageNotes(_deployments, deployment), cancellationToken).ConfigureAwait(false);
        }
        catch (ImageBuildException e)
        {
            await FailAsync(deployment, e.Message).ConfigureAwait(false);
            return;
        }

        // Pinned, then seen: from here on the worker keeps the blob, so the grant begins with an image that is there.
        using (_deployments.PinImage(deployment.Id, entry.Id))
        {
            _images.PublishPins();
            await _images.Open(entry.Id).DisposeAsync().ConfigureAwait(false);
            if (!await _deployments.ImageReadyAsync(deployment.Id, entry.Id, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }

        await SwitchOnAsync(deployment, isOn, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Nothing is built: its boot files are intact, or they are not.</summary>
    private async Task PrepareInstallerAsync(Deployment deployment, InstallerStart installer, bool isOn, CancellationToken cancellationToken)
    {
        if (_installers.Find(installer.Distro, installer.BuildId) is null)
        {
            await FailAsync(deployment, $"its boot files {installer.BuildId} are missing or damaged; {_installers.Remedy(installer.Distro)} makes them anew").ConfigureAwait(false);
        }
        else if (await _deployments.ImageReadyAsync(deployment.Id, installer.BuildId, cancellationToken).ConfigureAwait(false))
        {
            await SwitchOnAsync(deployment, isOn, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task SwitchOnAsync(Deployment deployment, bool isOn, CancellationToken cancellationToken)
    {
        if (_deployments.Machines.ById(deployment.MachineId) is { } machine && !isOn && !IsWaiting(machine))
        {
            await SwitchOnAsync(machine, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The grant stands whatever comes of it: a person can switch the machine on as well.</summary>
    private async Task SwitchOnAsync(Machine machine, CancellationToken cancellationToken)
    {
        PowerResult power;
        try
        {
            power = await _power.BootFromNetworkAsync(machine, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Each kind of power control fails in its own ways; the fault is logged with its stack and told in the timeline.
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            DeploymentLog.PowerBroke(_logger, e, machine.Name);
            power = new PowerResult(false, $"The machine was not switched on: {e.Message} Next: boot it from the network by hand.");
        }

        _deployments.Note(machine.Id, TimelineNote.Of("power", power.Done ? TimelineSeverity.Info : TimelineSeverity.Warning, power.Text));
    }

    private async Task FailAsync(Deployment deployment, string reason)
    {
        try
        {
            await _deployments.PreparationFailedAsync(deployment.Id, reason).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            // The store refuses even that; the deadline of preparing ends it once the store takes writes again.
            DeploymentLog.PreparationFailed(_logger, deployment.MachineName, deployment.Id, e.Message);
        }
    }

    /// <summary>The image's build in the machine's timeline, a line a step or ten percent.</summary>
    private sealed class ImageNotes(DeploymentService deployments, Deployment deployment) : IProgress<ImageBuildProgress>
    {
        private (ImageBuildStep Step, int Tens) _last = (default, -1);

        public void Report(ImageBuildProgress value)
        {
            var now = (value.Step, value.Percent / 10);
            if (now != _last)
            {
                _last = now;
                deployments.Note(deployment.MachineId, TimelineNote.Of("image", TimelineSeverity.Info, $"image: {value.Step.ToString().ToLowerInvariant()}, {value.Percent} %{(value.Detail.Length > 0 ? ": " + value.Detail : "")}"));
            }
        }
    }
}
