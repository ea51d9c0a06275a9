using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Deployments;

/// <summary>
/// The only one that changes machines and deployments: loads, applies the pure rule, commits by compare-and-set, tries again
/// after a lost race, then arms the deadline and wakes the followers. An answer leaves only after its commit is durable.
/// </summary>
public sealed partial class DeploymentService : IAsyncDisposable
{
    private const int Attempts = 100;

    private readonly IRecordStore _store;
    private readonly BulkStore _bulk;
    private readonly TokenMint _mint;
    private readonly IAddressOwners _owners;
    private readonly DeploymentLimits _limits;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly DeadlineBoard _deadlines;
    private readonly EvidenceQueue _evidence;
    private readonly NoteBudget _budget;
    private readonly UploadBudget _uploads = new();
    private readonly TimelineSignals _signals = new();
    private readonly NewestDeployments _newest;
    private readonly InstallerAddresses _installers;
    private readonly ConcurrentDictionary<string, long> _progressWrites = new(StringComparer.Ordinal);
    private readonly Lock _indexGate = new();
    private volatile MachineIndex _index = MachineIndex.Empty;

    private DeploymentService(
        IRecordStore store, BulkStore bulk, TokenMint mint, IAddressOwners owners, DeploymentLimits limits, TimeProvider clock, ILogger logger)
    {
        _store = store;
        _bulk = bulk;
        _mint = mint;
        _owners = owners;
        _limits = limits;
        _clock = clock;
        _logger = logger;
        _newest = new NewestDeployments(d => _index.ById(d.MachineId)?.DeploymentId == d.Id);
        _installers = new InstallerAddresses(Current);
        _budget = new NoteBudget(clock);
        _deadlines = new DeadlineBoard(clock, DeadlinePassedAsync, (id, failure) => DeploymentLog.DeadlineFailed(logger, id, failure));
        _evidence = new EvidenceQueue(WriteEvidenceAsync, logger);
    }

    /// <summary>All machines as of the last commit; immutable, swapped whole.</summary>
    public MachineIndex Machines => _index;

    /// <summary>The store's: it changes when a copy is restored, which voids tokens.</summary>
    public string Generation => _store.Generation;

    /// <summary>Whole milliseconds, as the store keeps them.</summary>
    private DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(_clock.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>
    /// Takes up where the last process stopped: open deployments get their deadlines back, and those of another store
    /// generation end. Deployments in <c>preparing</c> wait for their image again: see <see cref="Preparing"/>.
    /// </summary>
    public static async Task<DeploymentService> StartAsync(
        IRecordStore store,
        BulkStore bulk,
        TokenMint mint,
        IAddressOwners owners,
        DeploymentLimits limits,
        TimeProvider clock,
        ILogger logger,
        CancellationToken cancellationToken = default)
    {
        var service = new DeploymentService(store, bulk, mint, owners, limits, clock, logger);
        var machines = await store.MachinesAsync(cancellationToken).ConfigureAwait(false);
        service._index = new MachineIndex(machines);
        foreach (var machine in machines)
        {
            if (machine.DeploymentId is { } id && await store.DeploymentAsync(id, cancellationToken).ConfigureAwait(false) is { } deployment)
            {
                service._newest.Take(deployment);
                service._installers.Remember(deployment);
            }

            if (machine.InstalledDeploymentId is { } installed && await store.DeploymentAsync(installed, cancellationToken).ConfigureAwait(false) is { } good)
            {
                service._newest.Installed(good);
            }
        }

        var open = await store.OpenDeploymentsAsync(cancellationToken).ConfigureAwait(false);
        foreach (var deployment in open.Where(d => d.LogHash is null))
        {
            if ((await store.DeploymentsOfAsync(deployment.MachineId, cancellationToken).ConfigureAwait(false)).FirstOrDefault(d => d.LogHash is not null) is { } logged)
            {
                service._newest.Logged(logged);
            }
        }

        bulk.Pin(service._newest.Files);

        foreach (var deployment in open)
        {
            if (deployment.Generation != store.Generation)
            {
                await service.ApplyAsync(deployment.Id, _ => new DeploymentEvent.GenerationChanged(store.Generation), cancellationToken: cancellationToken)
                    .ConfigureAwait(false);
            }
            else if (DeploymentLife.DeadlineAfterRestart(deployment, limits, clock.GetUtcNow()) is { } left)
            {
                service._deadlines.Arm(deployment.Id, deployment.Beat, left);
            }
        }

        DeploymentLog.Started(logger, open.Length, store.Generation);
        return service;
    }

    /// <summary>The deployments whose image is being built: what to build after a restart.</summary>
    public ImmutableArray<Deployment> Preparing() => _newest.Preparing();

    /// <inheritdoc cref="NewestDeployments.Images"/>
    public ISet<string> PinnedImages() => _newest.Images();

    /// <inheritdoc cref="NewestDeployments.Pin"/>
    internal IDisposable PinImage(string deploymentId, string imageId) => _newest.Pin(deploymentId, imageId);

    /// <inheritdoc cref="InstallerAddresses.At"/>
    public Deployment? InstallerAt(IPAddress source) => _installers.At(source);

    /// <inheritdoc cref="InstallerAddresses.Boots"/>
    public ISet<string> InstallerBoots() => _installers.Boots();

    /// <summary>An installer said something: it is alive, whatever it said. The deadline of its silence begins anew, and nothing else changes.</summary>
    public void HeardInstaller(Deployment deployment)
    {
        if (Current(deployment.MachineId) is { State: DeploymentState.Claimed } current && current.Id == deployment.Id
            && DeploymentLife.Deadline(current, _limits) is { } limit)
        {
            _deadlines.Arm(current.Id, current.Beat, limit);
        }
    }

    /// <summary>The machine's newest deployment; null where it never had one.</summary>
    public Deployment? Current(string machineId) => _newest.Of(machineId);

    /// <summary>The machine's newest deployment that uploaded a log, which the newest of all may not have done yet; null where none did.</summary>
    public async ValueTask<Deployment?> LoggedAsync(string machineId, CancellationToken cancellationToken = default) =>
        _newest.LogOf(machineId)
        ?? (await _store.DeploymentsOfAsync(machineId, cancellationToken).ConfigureAwait(false)).FirstOrDefault(d => d.LogHash is not null);

    public ValueTask<Deployment?> DeploymentAsync(string id, CancellationToken cancellationToken = default) =>
        _store.DeploymentAsync(id, cancellationToken);

    /// <summary>The machine's timeline after a sequence number, oldest first; null for an unknown name.</summary>
    public async Task<TimelinePage?> TimelineAsync(
        string machineName, long after = 0, int limit = IRecordStore.TimelineBound, CancellationToken cancellationToken = default) =>
        _index.ByName(machineName) is { } machine
            ? await _store.TimelineAsync(machine.Id, after, limit, cancellationToken).ConfigureAwait(false)
            : null;

    /// <summary>Follows a timeline: what is there after a sequence number, then what comes. Ends with the token; nothing for an unknown name.</summary>
    public async IAsyncEnumerable<TimelineEntry> SubscribeAsync(
        string machineName, long after = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (_index.ByName(machineName) is not { } machine)
        {
            yield break;
        }

        using var subscription = _signals.Subscribe(machine.Id);
        while (true)
        {
            var page = await _store.TimelineAsync(machine.Id, after, 256, cancellationToken).ConfigureAwait(false);
            foreach (var entry in page.Entries)
            {
                after = entry.Sequence;
                yield return entry;
            }

            if (page.Entries.Length < 256)
            {
                await subscription.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Evidence for a machine's timeline; never waits. Dropped and counted when a machine gives more than a minute's budget.</summary>
    public void Note(string machineId, TimelineNote note)
    {
        if (_index.ById(machineId) is not null && Budgeted(machineId, [note]) is [var kept, ..])
        {
            if (kept.Severity == TimelineSeverity.Alarm)
            {
                DeploymentLog.Alarm(_logger, _index.ById(machineId)?.Name ?? machineId, kept.Text);
            }

            _evidence.Add(new TimelineDraft(Now, machineId, Current(machineId)?.Id, kept));
        }
    }

    /// <summary>The machines whose notes are counted.</summary>
    internal int Budgets => _budget.Count;

    /// <summary>Waits until the evidence noted so far is in the store.</summary>
    public Task DrainEvidenceAsync(CancellationToken cancellationToken = default) => _evidence.DrainAsync(cancellationToken);

    /// <summary>Waits until the deadlines that have passed are recorded.</summary>
    internal Task DeadlinesSettledAsync() => _deadlines.SettledAsync();

    public async ValueTask DisposeAsync()
    {
        await _deadlines.DisposeAsync().ConfigureAwait(false);
        await _evidence.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Null: no such deployment.</summary>
    private async Task<Outcome?> ApplyAsync(
        string deploymentId,
        Func<Deployment, DeploymentEvent> happened,
        Func<Machine, Machine>? alsoMachine = null,
        CancellationToken cancellationToken = default)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var deployment = await _store.DeploymentAsync(deploymentId, cancellationToken).ConfigureAwait(false);
            var machine = deployment is null ? null : await _store.MachineAsync(deployment.MachineId, cancellationToken).ConfigureAwait(false);
            if (deployment is null || machine is null)
            {
                return null;
            }

            var now = Now;
            var outcome = DeploymentLife.Apply(deployment, happened(deployment), _limits, now);
            if (machine.DeploymentId != deployment.Id && outcome.Next.State != deployment.State)
            {
                outcome = new(deployment, new DeploymentAnswer.Recorded("a newer deployment took its place"),
                    [TimelineNote.Of("late", TimelineSeverity.Warning, "an older deployment reported: recorded, nothing changed")]);
            }

            var changed = outcome.Next != deployment;
            var nextMachine = NextMachine(machine, outcome, now);
            if (alsoMachine is not null && outcome.Answer is DeploymentAnswer.Accepted)
            {
                nextMachine = alsoMachine(nextMachine);
            }

            var notes = changed ? outcome.Notes : Budgeted(machine.Id, outcome.Notes);
            var change = new StoreChange
            {
                Machines = nextMachine == machine ? [] : [nextMachine],
                Deployments = changed ? [outcome.Next] : [],
                Entries = [.. notes.Select(n => new TimelineDraft(now, machine.Id, deployment.Id, n))],
            };
            if (change is { Machines.IsEmpty: true, Deployments.IsEmpty: true, Entries.IsEmpty: true })
            {
                return outcome;
            }

            if (await _store.CommitAsync(change, cancellationToken).ConfigureAwait(false) is CommitResult.Committed committed)
            {
                Publish(committed);
                return changed ? outcome with { Next = committed.Deployments[0] } : outcome;
            }
        }

        throw new StoreException($"Deployment {deploymentId} lost {Attempts} races in a row.", "Try again.");
    }

    private static Machine NextMachine(Machine machine, Outcome outcome, DateTimeOffset now)
    {
        if (outcome.QuarantineReason is { } reason)
        {
            return machine with { Quarantine = new Quarantine(now, outcome.Next.Id, reason) };
        }

        if (machine.DeploymentId != outcome.Next.Id)
        {
            return machine;
        }

        return outcome.Next.State switch
        {
            DeploymentState.Claimed when machine.HoldsSystem() => machine with { Overwritten = true },
            DeploymentState.Installed when machine.InstalledDeploymentId != outcome.Next.Id => machine with { InstalledDeploymentId = outcome.Next.Id, Overwritten = false },
            _ => machine,
        };
    }

    /// <summary>Makes a commit visible: the snapshot, the deadlines, the followers, the log.</summary>
    private void Publish(CommitResult.Committed committed)
    {
        if (!committed.Machines.IsEmpty)
        {
            lock (_indexGate)
            {
                var machines = _index.Machines.ToDictionary(m => m.Id, StringComparer.Ordinal);
                foreach (var machine in committed.Machines)
                {
                    if (!machines.TryGetValue(machine.Id, out var known) || known.Revision < machine.Revision)
                    {
                        machines[machine.Id] = machine;
                    }
                }

                _index = new MachineIndex(machines.Values);
            }
        }

        foreach (var deployment in committed.Deployments)
        {
            Remember(deployment);
            if (_index.ById(deployment.MachineId)?.InstalledDeploymentId == deployment.Id)
            {
                _newest.Installed(deployment);
            }
        }

        foreach (var entry in committed.Entries)
        {
            var name = _index.ById(entry.MachineId)?.Name ?? entry.MachineId;
            if (entry.Severity == TimelineSeverity.Alarm)
            {
                DeploymentLog.Alarm(_logger, name, entry.Text);
            }
            else if (entry.DeploymentId is not null && entry.Kind != "progress")
            {
                DeploymentLog.Moved(_logger, name, entry.DeploymentId, entry.Kind, entry.Text);
            }
        }

        foreach (var machine in committed.Entries.Select(e => e.MachineId).Distinct())
        {
            _signals.Raise(machine);
        }
    }

    private void Remember(Deployment deployment)
    {
        if (!_newest.Take(deployment))
        {
            return;
        }

        _installers.Remember(deployment);
        if (DeploymentLife.Deadline(deployment, _limits) is not { } limit)
        {
            _deadlines.Disarm(deployment.Id);
            _progressWrites.TryRemove(deployment.Id, out _);
        }
        else if (deployment.State is DeploymentState.Booting)
        {
            // The grant's hour was armed when it was granted and runs on.
        }
        else
        {
            _deadlines.Arm(deployment.Id, deployment.Beat, limit);
        }
    }

    private async Task DeadlinePassedAsync(string deploymentId, long beat) =>
        await ApplyAsync(deploymentId, _ => new DeploymentEvent.DeadlinePassed(beat)).ConfigureAwait(false);

    private async Task WriteEvidenceAsync(ImmutableArray<TimelineDraft> drafts)
    {
        var known = drafts.Where(d => _index.ById(d.MachineId) is not null).ToImmutableArray();
        if (!known.IsEmpty && await _store.CommitAsync(new StoreChange { Entries = known }).ConfigureAwait(false) is CommitResult.Committed committed)
        {
            foreach (var machine in committed.Entries.Select(e => e.MachineId).Distinct())
            {
                _signals.Raise(machine);
            }
        }
    }

    private ImmutableArray<TimelineNote> Budgeted(string machineId, ImmutableArray<TimelineNote> notes)
    {
        var kept = ImmutableArray.CreateBuilder<TimelineNote>(notes.Length);
        foreach (var note in notes)
        {
            if (_budget.Take(machineId, out var dropped))
            {
                kept.Add(dropped == 0 ? note : TimelineNote.Of(note.Kind, note.Severity, $"{note.Text} ({dropped} entries before it were dropped)"));
            }
        }

        return kept.ToImmutable();
    }
}
