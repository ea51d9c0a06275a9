using System.Collections.Immutable;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Deployments;

/// <summary>What operators ask.</summary>
public sealed partial class DeploymentService
{
    private const int MaxPlanInputs = 256 << 10;

    /// <summary>Machines of one commit: some 200 KiB of the journal.</summary>
    private const int PutTogether = 256;

    /// <summary>
    /// Creates the machine or takes over what its document says. The document's hardware makes the first binding; later it
    /// counts only where the document names other hardware than when it was taken over last. What belongs to the
    /// machine's life (deployment, quarantine, report) is not touched.
    /// </summary>
    public Task<CommandResult<Machine>> PutMachineAsync(MachineDraft draft, CancellationToken cancellationToken = default) =>
        ChangeMachineAsync(draft.Name, create: true, machine => new(Take(machine, draft), null), note: null, cancellationToken);

    /// <summary>
    /// The same for many machines: those whose documents say nothing new cost no write, the others share commits. What the index holds decides that;
    /// a commit compares revisions, and one that loses goes machine by machine.
    /// </summary>
    /// <returns>The machines that another one's hardware keeps from changing.</returns>
    public async Task<ImmutableArray<(string Name, Refusal Refusal)>> PutMachinesAsync(IEnumerable<MachineDraft> drafts, CancellationToken cancellationToken = default)
    {
        var refused = ImmutableArray.CreateBuilder<(string Name, Refusal Refusal)>();
        var batch = new List<(MachineDraft Draft, Machine Next)>(PutTogether);
        var claimed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var draft in drafts)
        {
            var known = _index.ByName(draft.Name);
            var next = Take(known ?? new Machine { Id = NewId(Now), Name = draft.Name }, draft);
            if (next == known)
            {
                continue;
            }

            // The index does not know yet what the batch takes, or gives up.
            string[] keys = [draft.Name, .. Keys(next.Binding), .. known is null ? [] : Keys(known.Binding)];
            if (batch.Count == PutTogether || keys.Any(claimed.Contains))
            {
                await FlushAsync().ConfigureAwait(false);
                next = Take(_index.ByName(draft.Name) ?? next, draft);
            }

            if (!SameHardware(next.Binding, known?.Binding) && Clash(next) is { } clash)
            {
                refused.Add((draft.Name, clash));
                continue;
            }

            batch.Add((draft, next));
            claimed.UnionWith(keys);
        }

        await FlushAsync().ConfigureAwait(false);
        return refused.ToImmutable();

        async Task FlushAsync()
        {
            if (batch.Count > 0
                && await _store.CommitAsync(new StoreChange { Machines = [.. batch.Select(b => b.Next)] }, cancellationToken).ConfigureAwait(false) is CommitResult.Committed committed)
            {
                Publish(committed);
            }
            else
            {
                foreach (var (draft, _) in batch)
                {
                    if ((await PutMachineAsync(draft, cancellationToken).ConfigureAwait(false)).Refusal is { } refusal)
                    {
                        refused.Add((draft.Name, refusal));
                    }
                }
            }

            batch.Clear();
            claimed.Clear();
        }

        static IEnumerable<string> Keys(Binding hardware) =>
            [.. hardware.Macs.Select(m => m.ToString()), .. hardware.Slot is { } slot ? [slot] : Array.Empty<string>()];
    }

    /// <summary>The record with what the document says; the very record where it says nothing new.</summary>
    private Machine Take(Machine machine, MachineDraft draft)
    {
        var follows = draft.Binding is { } named && Follows(machine, named);
        var documented = draft.Binding is { } hardware && !SameHardware(hardware, machine.Documented) ? hardware : machine.Documented;
        var addresses = draft.Addresses is { } given && !given.SequenceEqual(machine.Addresses) ? given : machine.Addresses;
        return machine with
        {
            Kind = draft.Kind,
            Addresses = addresses,
            Protected = draft.Protected,
            Binding = follows ? draft.Binding! with { Since = Now } : machine.Binding,
            Documented = documented,
        };
    }

    /// <summary>Lifts the quarantine; the machine may be deployed again. Nothing installs without a new grant.</summary>
    public Task<CommandResult<Machine>> ReleaseAsync(string name, CancellationToken cancellationToken = default) =>
        ChangeMachineAsync(name, create: false, machine => machine.Quarantine is null
            ? new(null, new Refusal($"{name} is not in quarantine.", $"There is nothing to release; what it does is in: netdeploy show {name}"))
            : new(machine with { Quarantine = null }, null),
            TimelineNote.Of("release", TimelineSeverity.Info, "released from quarantine"), cancellationToken);

    /// <summary>
    /// Moves the machine to other hardware: name, id and addresses stay. An open grant was given to the old hardware and is
    /// cancelled; past the claim it is refused.
    /// </summary>
    /// <param name="documented">The hardware that its document names now: this order is newer, and stands until the document changes.</param>
    public async Task<CommandResult<Machine>> ReplaceAsync(string name, Binding hardware, Binding? documented = null, CancellationToken cancellationToken = default)
    {
        // Before the cancel: whatever refuses the move leaves the deployment as it is.
        var machine = _index.ByName(name);
        var objection = hardware.IsEmpty ? new Refusal("New hardware needs at least one MAC or a slot.", $"Name its MAC: netdeploy replace {name} --mac MAC")
            : machine is null ? NoMachine(name)
            : Clash(machine.Replace(hardware));
        if (objection is not null)
        {
            return new(null, objection);
        }

        if (Current(machine!.Id) is { } deployment && !deployment.State.IsTerminal())
        {
            var cancelled = await CancelAsync(name, $"replace {name}", cancellationToken).ConfigureAwait(false);
            if (!cancelled.Ok)
            {
                return new(null, cancelled.Refusal);
            }
        }

        var now = Now;
        return await ChangeMachineAsync(name, create: false,
            known => Current(known.Id) is { } open && !open.State.IsTerminal()
                ? new(null, new Refusal($"{name} was given a deployment meanwhile.", "Try again."))
                : new(known.Replace(hardware with { Since = now }) with { Documented = documented ?? known.Documented }, null),
            TimelineNote.Of("replace", TimelineSeverity.Info, $"moved to other hardware: {Hardware(hardware)}"),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes the machine with its history. Refused while a deployment is open.</summary>
    public async Task<CommandResult<Machine>> ForgetAsync(string name, CancellationToken cancellationToken = default)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var machine = await MachineAsync(name, cancellationToken).ConfigureAwait(false);
            if (machine is null)
            {
                return new(null, NoMachine(name));
            }

            if (machine.DeploymentId is { } id && await _store.DeploymentAsync(id, cancellationToken).ConfigureAwait(false) is { } deployment
                && !deployment.State.IsTerminal())
            {
                return new(null, Deploying(name, deployment));
            }

            if (await _store.CommitAsync(new StoreChange { Forgotten = [machine] }, cancellationToken).ConfigureAwait(false) is CommitResult.Committed)
            {
                lock (_indexGate)
                {
                    _index = new MachineIndex(_index.Machines.Where(m => m.Id != machine.Id));
                }

                _newest.Forget(machine.Id);
                _budget.Forget(machine.Id);
                _installers.Forget(machine.Id);
                return new(machine, null);
            }
        }

        throw new StoreException($"Machine {name} lost {Attempts} races in a row.", "Try again.");
    }

    internal static Refusal Deploying(string name, Deployment deployment) => new($"{name} has a deployment that is {deployment.State.Word()}.", "Cancel it first, or wait for its end.");

    /// <summary>One attempt to give one machine one recipe. Machine and deployment change in one transaction, so two grants never stand.</summary>
    public async Task<CommandResult<Deployment>> GrantAsync(GrantRequest request, CancellationToken cancellationToken = default)
    {
        if (request.PlanInputs?.Length > MaxPlanInputs)
        {
            return new(null, new Refusal($"The plan's inputs are longer than {MaxPlanInputs} characters.", "Give the machine's document shorter texts."));
        }

        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var machine = await MachineAsync(request.MachineName, cancellationToken).ConfigureAwait(false);
            if (await RefusalAsync(request.MachineName, machine, cancellationToken).ConfigureAwait(false) is { } refusal)
            {
                return new(null, refusal);
            }

            if (request.OnlyFirst && machine!.DeploymentId is not null)
            {
                return new(null, new Refusal($"{request.MachineName} had a deployment already.", $"netdeploy deploy {request.MachineName}"));
            }

            HardwareIdentity? expected = null;
            if (request.OnlyFirst)
            {
                expected = HardwareIdentity.Of(machine!.Binding.Uuid, machine.Binding.Serial);
                if (expected is null)
                {
                    return new(null, new Refusal($"{request.MachineName} told neither a UUID nor a serial number, so no rule may have it written.", $"netdeploy deploy {request.MachineName}"));
                }
            }

            var now = Now;
            var deployment = new Deployment
            {
                Expected = expected,
                Id = NewId(now),
                MachineId = machine!.Id,
                MachineName = machine.Name,
                RecipeHash = request.RecipeHash,
                Generation = _store.Generation,
                PlanInputs = request.PlanInputs,
                ImageKey = request.ImageKey,
                ImageId = request.ImageId,
                Installer = request.Installer,
                State = request.ImageId is null ? DeploymentState.Preparing : DeploymentState.Granted,
                CreatedAt = now,
                GrantedAt = request.ImageId is null ? null : now,
                HeardAt = now,
            };
            var text = request.ImageId is null ? $"asked for by {request.By}; the grant waits for its {(request.Installer is null ? "image" : "installer")}" : $"asked for by {request.By}; the machine may boot and claim";
            var change = new StoreChange
            {
                Machines = [machine with { DeploymentId = deployment.Id }],
                Deployments = [deployment],
                Entries = [new TimelineDraft(now, machine.Id, deployment.Id, TimelineNote.Of(deployment.State.Word(), TimelineSeverity.Info, text))],
            };
            if (await _store.CommitAsync(change, cancellationToken).ConfigureAwait(false) is CommitResult.Committed committed)
            {
                Publish(committed);
                return new(committed.Deployments[0], null);
            }
        }

        throw new StoreException($"The grant for {request.MachineName} lost {Attempts} races in a row.", "Try again.");
    }

    /// <summary>The image is built: the grant begins. False where the deployment ended meanwhile.</summary>
    public async Task<bool> ImageReadyAsync(string deploymentId, string imageId, CancellationToken cancellationToken = default) =>
        await ApplyAsync(deploymentId, _ => new DeploymentEvent.ImageReady(imageId), cancellationToken: cancellationToken).ConfigureAwait(false)
            is { Answer: DeploymentAnswer.Accepted };

    /// <summary>The image could not be built; the machine was not touched and is not quarantined.</summary>
    public Task PreparationFailedAsync(string deploymentId, string reason, CancellationToken cancellationToken = default) =>
        ApplyAsync(deploymentId, _ => new DeploymentEvent.PreparationFailed(reason), cancellationToken: cancellationToken);

    /// <summary>Withdraws a deployment before its claim.</summary>
    public async Task<CommandResult<Deployment>> CancelAsync(string name, string by, CancellationToken cancellationToken = default)
    {
        if (_index.ByName(name) is not { } machine)
        {
            return new(null, NoMachine(name));
        }

        if (machine.DeploymentId is not { } id)
        {
            return new(null, NoDeployment(name));
        }

        var outcome = await ApplyAsync(id, _ => new DeploymentEvent.CancelRequested(TimelineNote.Clean(by, 100)), cancellationToken: cancellationToken).ConfigureAwait(false);
        return outcome switch
        {
            null => new(null, NoDeployment(name)),
            { Answer: DeploymentAnswer.Refused refused } => new(null, new Refusal($"{name}: {refused.Reason}.", $"Follow it with: netdeploy show {name} --follow")),
            _ => new(outcome.Next, null),
        };
    }

    private async ValueTask<Refusal?> RefusalAsync(string name, Machine? machine, CancellationToken cancellationToken)
    {
        if (machine is null)
        {
            return NoMachine(name);
        }

        if (machine.Protected)
        {
            return Protected(name);
        }

        if (machine.Quarantine is { } quarantine)
        {
            return Quarantined(name, quarantine);
        }

        if (machine.Binding.IsEmpty)
        {
            return new Refusal($"{name} is bound to no hardware.", $"netdeploy replace {name} --mac MAC");
        }

        if (_index.Conflicts().FirstOrDefault(c => c.Names.Contains(name)) is { } conflict)
        {
            return new Refusal($"{name}: {conflict.Reason}.", "Leave the key with one of them.");
        }

        return machine.DeploymentId is { } id
            && await _store.DeploymentAsync(id, cancellationToken).ConfigureAwait(false) is { } open && !open.State.IsTerminal()
            ? new Refusal($"{name} has a deployment that is {open.State.Word()}.", "Wait for its end, or cancel it before its claim.")
            : null;
    }

    private async Task<CommandResult<Machine>> ChangeMachineAsync(
        string name, bool create, Func<Machine, CommandResult<Machine>> change, TimelineNote? note, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var machine = await MachineAsync(name, cancellationToken).ConfigureAwait(false);
            if (machine is null && !create)
            {
                return new(null, NoMachine(name));
            }

            var now = Now;
            var result = change(machine ?? new Machine { Id = NewId(now), Name = name });
            if (result.Value is not { } next || next == machine)
            {
                return result;
            }

            if (!SameHardware(next.Binding, machine?.Binding) && Clash(next) is { } clash)
            {
                return new(null, clash);
            }

            ImmutableArray<TimelineDraft> entries = note is null ? [] : [new TimelineDraft(now, next.Id, null, note)];
            if (await _store.CommitAsync(new StoreChange { Machines = [next], Entries = entries }, cancellationToken).ConfigureAwait(false)
                is CommitResult.Committed committed)
            {
                Publish(committed);
                return new(committed.Machines[0], null);
            }
        }

        throw new StoreException($"Machine {name} lost {Attempts} races in a row.", "Try again.");
    }

    /// <summary>Another machine that owns a MAC or the slot of this one.</summary>
    private Refusal? Clash(Machine machine)
    {
        foreach (var mac in machine.Binding.Macs)
        {
            if (_index.ByMac(mac).FirstOrDefault(m => m.Id != machine.Id) is { } other)
            {
                return Owned($"MAC {mac}", other.Name);
            }
        }

        if (machine.Binding.Slot is { } slot && _index.BySlot(slot).FirstOrDefault(m => m.Id != machine.Id) is { } neighbour)
        {
            return Owned($"Slot {slot}", neighbour.Name);
        }

        return null;

        static Refusal Owned(string key, string owner) => new(
            $"{key} belongs to {owner}.",
            $"Give {owner} its own hardware first (netdeploy replace {owner} --mac MAC), or remove its document and apply with --prune.");
    }

    /// <summary>Of a machine that nothing may overwrite or move.</summary>
    internal static Refusal Protected(string name) => new($"{name} is protected.", "Set protected: false in its document and apply it.");

    /// <summary>Of a machine that nothing installs before a person looked at it.</summary>
    internal static Refusal Quarantined(string name, Quarantine quarantine) => new($"{name} is in quarantine: {quarantine.Reason}.", $"netdeploy release {name}");

    /// <summary>Of a machine whose system would be overwritten unasked.</summary>
    internal static Refusal Unconfirmed(string name) => new($"{name} holds an installed system.", "Confirm with its name, or --yes.") { Confirm = name };

    private static string Hardware(Binding hardware) =>
        string.Join(", ", [.. hardware.Macs.Select(m => $"MAC {m}"), .. hardware.Slot is { } slot ? [slot.ToString()] : Array.Empty<string>()]);

    private static Refusal NoMachine(string name) => new($"No machine is called {name}.", "netdeploy apply its document first.");

    private static Refusal NoDeployment(string name) => new($"{name} has no deployment.", $"Give it one with: netdeploy deploy {name}");

    private async ValueTask<Machine?> MachineAsync(string name, CancellationToken cancellationToken) =>
        _index.ByName(name) is { } known ? await _store.MachineAsync(known.Id, cancellationToken).ConfigureAwait(false) : null;

    /// <summary>
    /// A record older than the field <see cref="Machine.Documented"/> keeps what it has: whether its document changed, nobody knows.
    /// </summary>
    private static bool Follows(Machine machine, Binding named) =>
        (machine.Revision == 0 || (machine.Documented is { } last && !SameHardware(named, last))) && !SameHardware(named, machine.Binding);

    private static bool SameHardware(Binding a, Binding? b) =>
        b is not null && a.Macs.AsSpan().SequenceEqual(b.Macs.AsSpan()) && a.Uuid == b.Uuid && a.Serial == b.Serial && a.Slot == b.Slot && a.Duid == b.Duid;

    /// <summary>32 hex digits, growing with time: safe in a URL and on a kernel command line.</summary>
    private static string NewId(DateTimeOffset now) => Guid.CreateVersion7(now).ToString("n");
}
