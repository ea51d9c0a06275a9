using System.Collections.Immutable;
using System.Net;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;
using NetDeploy.Server.Linux;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Deployments;

/// <summary>What machines ask and report, with their tokens.</summary>
public sealed partial class DeploymentService
{
    private const int MaxInventoryLines = 512;
    private const int MaxLine = 512;
    private const int MaxHostKeys = 16;
    private const int MaxTaskLines = 12;

    /// <summary>Progress within one step is written at most this often; the deadline hears every report.</summary>
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A planned boot becomes real here, or not. The token in the answer is for the script's text only.
    /// </summary>
    /// <param name="mark">Equal for two fetches of one power-on; null where the server cannot tell.</param>
    public async Task<BootScriptResult> BootAsync(string deploymentId, ProposedBoot boot, string? mark, CancellationToken cancellationToken = default)
    {
        var outcome = await ApplyAsync(
            deploymentId,
            d => new DeploymentEvent.BootScriptFetched(boot.Source, mark, boot.Strength,
                _mint.Tokens(d.Generation, d.Id, (d.Boot?.Number ?? 0) + 1, TokenMint.NewNonce()), boot.Mac),
            cancellationToken: cancellationToken).ConfigureAwait(false);
        return outcome?.Answer switch
        {
            DeploymentAnswer.BootDeploy => new(new BootGrant(outcome.Next, TokenOf(outcome.Next, TokenPhase.Deploy)), null, null),
            DeploymentAnswer.BootLocal local => new(null, local.Reason, null),
            DeploymentAnswer.Refused refused => new(null, null, refused.Reason),
            _ => new(null, "its deployment is gone", null),
        };
    }

    /// <summary>
    /// Checks a bearer token: right deployment, boot and phase, from the address that it is bound to. The deploy phase is bound
    /// to the address that fetched the script. The first boot may come from there, from a static address of the machine, or
    /// from an address leased to one of its MACs, since the installed system may ask DHCP as another client.
    /// </summary>
    /// <returns>A caller even where the deployment ended: late reports are recorded.</returns>
    public async Task<Authentication> AuthenticateAsync(
        string deploymentId, string? bearer, IPAddress source, TokenPhase phase, CancellationToken cancellationToken = default)
    {
        source = source.Plain();

        var deployment = await _store.DeploymentAsync(deploymentId, cancellationToken).ConfigureAwait(false);
        var machine = deployment is null ? null : _index.ById(deployment.MachineId);
        if (deployment is null || machine is null)
        {
            return new(null, "no such deployment");
        }

        var opens = deployment.Boot is { } boot && bearer is not null && deployment.Generation == _store.Generation
            ? TokenMint.Match(boot.Tokens, bearer)
            : null;
        if (opens is null)
        {
            return Refuse(machine, deployment, source, "with a token that is not of its last boot");
        }

        if (opens != phase)
        {
            return Refuse(machine, deployment, source, $"with the token of the phase {TokenMint.Word(opens.Value)}");
        }

        var owner = _owners.OwnerOf(source);
        var isItsOwn = owner.Mac is { } mac && (machine.Binding.Macs.Contains(mac) || BootedByItsSlot(machine, deployment, mac));

        // By ARP alone an installed system is not refused: it may speak through a NIC that its document does not name.
        if (owner.Mac is not null && !isItsOwn && (owner.Ownership == AddressOwnership.Leased || phase != TokenPhase.FirstBoot))
        {
            return Refuse(machine, deployment, source, $"from an address {owner.Words}");
        }

        // Another server may give each program on a NIC an address of its own (GRUB's differs from the deploy environment's): the NIC is the same.
        var bound = source.Equals(deployment.Boot!.Source)
            || (owner.Ownership == AddressOwnership.Neighbour && owner.Mac == deployment.Boot.Mac)
            || (phase == TokenPhase.FirstBoot && (machine.Addresses.Contains(source) || isItsOwn));
        if (!bound)
        {
            return Refuse(machine, deployment, source, $"but its token belongs to {deployment.Boot.Source}");
        }

        if (phase == TokenPhase.Deploy)
        {
            _installers.Remember(deployment, source);
        }

        return new(new Caller(deployment.Id, machine.Id, machine.Name, phase, deployment.BootId!, source), null);
    }

    /// <summary>
    /// The deployment whose plan or image this caller may read: its boot may still claim, or has claimed. The token
    /// of the phase <c>first-boot</c> for the plan comes with it.
    /// </summary>
    public async Task<(Deployment? Deployment, string? FirstBootToken, string? Refusal)> OpenForPlanAsync(Caller caller, CancellationToken cancellationToken = default)
    {
        var deployment = await _store.DeploymentAsync(caller.DeploymentId, cancellationToken).ConfigureAwait(false);
        if (deployment is null || caller.Phase != TokenPhase.Deploy)
        {
            return (null, null, "no such deployment");
        }

        return deployment.State is DeploymentState.Booting or DeploymentState.Claimed && deployment.BootId == caller.BootId
            ? (deployment, TokenOf(deployment, TokenPhase.FirstBoot), null)
            : (null, null, $"the deployment is {deployment.State.Word()}");
    }

    /// <summary>The point of no return. <see cref="DeploymentAnswer.ClaimGranted"/> only after the claim is durable.</summary>
    public Task<DeploymentAnswer> ClaimAsync(Caller caller, string disks, CancellationToken cancellationToken = default) =>
        CallAsync(caller, TokenPhase.Deploy, new DeploymentEvent.ClaimRequested(caller.BootId, TimelineNote.Clean(disks, MaxLine)), cancellationToken: cancellationToken);

    /// <summary>The machine's description; at most 512 lines of 512 characters are kept.</summary>
    public Task<DeploymentAnswer> InventoryAsync(
        Caller caller, IReadOnlyCollection<KeyValuePair<string, string>> inventory, CancellationToken cancellationToken = default)
    {
        var kept = inventory.Take(MaxInventoryLines)
            .GroupBy(pair => TimelineNote.Clean(pair.Key, 64), pair => TimelineNote.Clean(pair.Value, MaxLine), StringComparer.Ordinal)
            .ToImmutableSortedDictionary(group => group.Key, group => group.ToImmutableArray(), StringComparer.Ordinal);
        string? First(string key) => kept.TryGetValue(key, out var values) ? values[0] : null;
        var now = Now;
        return CallAsync(caller, TokenPhase.Deploy, new DeploymentEvent.InventoryReported(caller.BootId, Guid.TryParse(First("uuid"), out var uuid) ? uuid : null, First("serial")),
            machine => machine with { Observed = (machine.Observed ?? new MachineReport()) with { At = now, Inventory = kept } }, cancellationToken);
    }

    public async Task<DeploymentAnswer> ProgressAsync(Caller caller, DeploymentProgress progress, CancellationToken cancellationToken = default)
    {
        progress = new DeploymentProgress(
            TimelineNote.Clean(progress.Step, 64),
            progress.Percent is { } percent ? Math.Clamp(percent, 0, 100) : null,
            progress.Detail is null ? null : TimelineNote.Clean(progress.Detail, 200));

        // A percentage every few milliseconds must not cost a disk sync each; the silence deadline hears it all the same.
        if (Current(caller.MachineId) is { State: DeploymentState.Claimed } current && current.Id == caller.DeploymentId
            && current.ClaimedBootId == caller.BootId && current.Progress?.Step == progress.Step
            && progress.Percent is not 100
            && _progressWrites.TryGetValue(current.Id, out var last) && _clock.GetElapsedTime(last) < ProgressInterval)
        {
            _deadlines.Arm(current.Id, current.Beat, DeploymentLife.Deadline(current, _limits)!.Value);
            return new DeploymentAnswer.Accepted();
        }

        _progressWrites[caller.DeploymentId] = _clock.GetTimestamp();
        return await CallAsync(caller, TokenPhase.Deploy, new DeploymentEvent.ProgressReported(caller.BootId, progress), cancellationToken: cancellationToken)
            .ConfigureAwait(false);
    }

    public Task<DeploymentAnswer> HostKeysAsync(Caller caller, IEnumerable<string> keys, CancellationToken cancellationToken = default)
    {
        var kept = HostKeys(keys);
        return CallAsync(caller, TokenPhase.Deploy, new DeploymentEvent.HostKeysReported(caller.BootId, kept),
            machine => machine with { Observed = (machine.Observed ?? new MachineReport()) with { HostKeys = kept } }, cancellationToken);
    }

    /// <summary>Keeps a log whole; usually follows the failure. Who hands it over has cut it to <see cref="BulkLimits.FileBytes"/>.</summary>
    /// <returns>A refusal where the deployment has uploaded all that it may (<see cref="UploadBudget"/>); the log it has stays.</returns>
    public async Task<CommandResult<DeploymentAnswer>> LogAsync(Caller caller, ReadOnlyMemory<byte> log, CancellationToken cancellationToken = default)
    {
        if (!_uploads.TryTake(caller.DeploymentId, log.Length))
        {
            return new(null, await RefuseUploadAsync(caller, cancellationToken).ConfigureAwait(false));
        }

        string hash;
        try
        {
            hash = await _bulk.AddAsync(log, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            _uploads.GiveBack(caller.DeploymentId, log.Length);
            throw;
        }

        return new(
            await CallAsync(caller, TokenPhase.Deploy, new DeploymentEvent.LogUploaded(caller.BootId, hash, log.Length), cancellationToken: cancellationToken).ConfigureAwait(false),
            null);
    }

    private async Task<Refusal> RefuseUploadAsync(Caller caller, CancellationToken cancellationToken)
    {
        var reason = $"Deployment {caller.DeploymentId} has uploaded all the logs that it may: {UploadBudget.PerDeployment >> 20} MiB.";
        if (_uploads.TryTell(caller.DeploymentId))
        {
            try
            {
                // Not through the budget of notes: a flood of other requests must not hide this one.
                var note = TimelineNote.Of("log", TimelineSeverity.Warning, $"{reason} Further ones are refused; who sends so much from {caller.Source}?");
                var change = new StoreChange { Entries = [new TimelineDraft(Now, caller.MachineId, caller.DeploymentId, note)] };
                if (await _store.CommitAsync(change, cancellationToken).ConfigureAwait(false) is CommitResult.Committed committed)
                {
                    Publish(committed);
                }
            }
            catch
            {
                _uploads.Untell(caller.DeploymentId);
                throw;
            }
        }

        return new Refusal(reason, "Its last log is kept; a new deployment may upload again.");
    }

    public Task<DeploymentAnswer> FailedAsync(Caller caller, string step, string reason, CancellationToken cancellationToken = default) =>
        CallAsync(caller, TokenPhase.Deploy,
            new DeploymentEvent.FailureReported(caller.BootId, TimelineNote.Clean(step, 64), TimelineNote.Clean(reason, MaxLine)), cancellationToken: cancellationToken);

    public Task<DeploymentAnswer> WrittenAsync(Caller caller, string? bootOrder, int? seconds, CancellationToken cancellationToken = default) =>
        CallAsync(caller, TokenPhase.Deploy,
            new DeploymentEvent.WrittenReported(caller.BootId, bootOrder is null ? null : TimelineNote.Clean(bootOrder, MaxLine), seconds), cancellationToken: cancellationToken);

    /// <summary>The installed system's first boot; its token is of the phase <c>first-boot</c>.</summary>
    public Task<DeploymentAnswer> InstalledAsync(
        Caller caller, string? kernel, string? hostName, string? address, IEnumerable<string> hostKeys, CancellationToken cancellationToken = default)
    {
        var kept = HostKeys(hostKeys);
        var happened = new DeploymentEvent.FirstBootReported(caller.BootId, Short(kernel), Short(hostName), Short(address), kept);
        return CallAsync(caller, TokenPhase.FirstBoot, happened,
            machine => machine with
            {
                Observed = (machine.Observed ?? new MachineReport()) with { Address = caller.Source, HostKeys = kept.IsEmpty ? machine.Observed?.HostKeys ?? [] : kept },
            },
            cancellationToken);

        static string? Short(string? text) => text is null ? null : TimelineNote.Clean(text, 128);
    }

    /// <summary>A task of the first boot ended; the token is still that of the phase <c>first-boot</c>.</summary>
    public Task<DeploymentAnswer> TaskAsync(Caller caller, FirstBootTask task, IEnumerable<string> output, CancellationToken cancellationToken = default)
    {
        var kept = new FirstBootTask(TimelineNote.Clean(task.Kind, 16), TimelineNote.Clean(task.Name, 64), TimelineNote.Clean(task.Ended, 128), Math.Max(task.Seconds, 0));
        var last = TimelineNote.Clean(string.Join(" | ", output.TakeLast(MaxTaskLines)), MaxLine);
        return CallAsync(caller, TokenPhase.FirstBoot, new DeploymentEvent.TaskReported(caller.BootId, kept, last), cancellationToken: cancellationToken);
    }

    private async Task<DeploymentAnswer> CallAsync(
        Caller caller, TokenPhase phase, DeploymentEvent happened, Func<Machine, Machine>? alsoMachine = null, CancellationToken cancellationToken = default)
    {
        if (caller.Phase != phase)
        {
            return new DeploymentAnswer.Refused($"this needs the token of the phase {TokenMint.Word(phase)}");
        }

        // Authenticating and applying are two reads: a boot that came in between makes this caller's boot an old one, and
        // the rule refuses it by its boot id.
        var outcome = await ApplyAsync(caller.DeploymentId, _ => happened, alsoMachine, cancellationToken).ConfigureAwait(false);
        return outcome?.Answer ?? new DeploymentAnswer.Refused("no such deployment");
    }

    private Authentication Refuse(Machine machine, Deployment deployment, IPAddress source, string why)
    {
        var text = $"{source} asked in the name of deployment {deployment.Id} {why}: refused";
        Note(machine.Id, TimelineNote.Of("refused", TimelineSeverity.Alarm, text));
        return new(null, "the token does not open this from here");
    }

    /// <summary>A machine bound by its slot has the NIC that booted there, until it is given other hardware.</summary>
    private static bool BootedByItsSlot(Machine machine, Deployment deployment, MacAddress mac) =>
        deployment is { Strength: IdentityStrength.Wired, Boot: { } boot } && machine.Binding.Slot is not null
        && boot.Mac == mac && boot.FetchedAt >= machine.Binding.Since;

    private string TokenOf(Deployment deployment, TokenPhase phase) =>
        _mint.Token(deployment.Generation, deployment.Id, deployment.Boot!.Number, phase, deployment.Boot.Tokens.Nonce);

    private static ImmutableArray<string> HostKeys(IEnumerable<string> keys) =>
        [.. keys.Select(k => k.Trim()).Where(k => k.Length is > 0 and <= 2048).Select(k => TimelineNote.Clean(k, 2048)).Take(MaxHostKeys)];
}
