using System.Collections.Immutable;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Tests.Storage;

/// <summary>The store's contract without a disk: for property tests.</summary>
internal sealed class InMemoryRecordStore(string? generation = null) : IRecordStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Machine> _machines = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Deployment> _deployments = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (List<TimelineEntry> Entries, long Dropped)> _timelines = new(StringComparer.Ordinal);
    private long _sequence;

    public string Generation { get; } = generation ?? Guid.NewGuid().ToString("n");

    public ValueTask<Machine?> MachineAsync(string id, CancellationToken cancellationToken = default) => Locked(() => _machines.GetValueOrDefault(id));

    public ValueTask<ImmutableArray<Machine>> MachinesAsync(CancellationToken cancellationToken = default) =>
        Locked(() => _machines.Values.OrderBy(m => m.Name, StringComparer.Ordinal).ToImmutableArray());

    public ValueTask<Deployment?> DeploymentAsync(string id, CancellationToken cancellationToken = default) => Locked(() => _deployments.GetValueOrDefault(id));

    public ValueTask<ImmutableArray<Deployment>> DeploymentsOfAsync(string machineId, CancellationToken cancellationToken = default) =>
        Locked(() => Of(machineId).ToImmutableArray());

    public ValueTask<ImmutableArray<Deployment>> OpenDeploymentsAsync(CancellationToken cancellationToken = default) =>
        Locked(() => _deployments.Values.Where(d => !d.State.IsTerminal()).OrderBy(d => d.Id, StringComparer.Ordinal).ToImmutableArray());

    public ValueTask<TimelinePage> TimelineAsync(
        string machineId, long after = 0, int limit = IRecordStore.TimelineBound, CancellationToken cancellationToken = default) =>
        Locked(() => _timelines.TryGetValue(machineId, out var line)
            ? new TimelinePage([.. line.Entries.Where(e => e.Sequence > after).Take(limit)], line.Dropped)
            : new TimelinePage([], 0));

    public ValueTask<CommitResult> CommitAsync(StoreChange change, CancellationToken cancellationToken = default) => Locked<CommitResult>(() =>
    {
        var conflict = StoreRules.Conflict(
            change,
            _machines.GetValueOrDefault,
            name => _machines.Values.FirstOrDefault(m => m.Name == name)?.Id,
            _deployments.GetValueOrDefault);
        if (conflict is not null)
        {
            return new CommitResult.Conflict(conflict);
        }

        var committed = StoreRules.Resolve(change, _sequence);
        _sequence += committed.Entries.Length;
        foreach (var machine in change.Forgotten)
        {
            _machines.Remove(machine.Id);
            _timelines.Remove(machine.Id);
            foreach (var deployment in Of(machine.Id).ToList())
            {
                _deployments.Remove(deployment.Id);
            }
        }

        foreach (var machine in committed.Machines)
        {
            _machines[machine.Id] = machine;
        }

        foreach (var deployment in committed.Deployments)
        {
            _deployments[deployment.Id] = deployment;
            foreach (var old in Of(deployment.MachineId).Skip(IRecordStore.DeploymentBound).Where(d => d.State.IsTerminal() && d.Id != _machines.GetValueOrDefault(d.MachineId)?.InstalledDeploymentId).ToList())
            {
                _deployments.Remove(old.Id);
            }
        }

        foreach (var entry in committed.Entries)
        {
            var (entries, dropped) = _timelines.TryGetValue(entry.MachineId, out var line) ? line : ([], 0);
            entries.Add(entry);
            if (entries.Count > IRecordStore.TimelineBound)
            {
                var gone = StoreRules.FirstToGo(entries, 1);
                entries.RemoveAll(e => gone.Contains(e.Sequence));
                dropped++;
            }

            _timelines[entry.MachineId] = (entries, dropped);
        }

        return committed;
    });

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private IEnumerable<Deployment> Of(string machineId) =>
        _deployments.Values.Where(d => d.MachineId == machineId).OrderByDescending(d => d.Id, StringComparer.Ordinal);

    private ValueTask<T> Locked<T>(Func<T> read)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(read());
        }
    }
}
