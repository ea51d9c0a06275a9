using System.Collections.Immutable;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Tests.Storage;

/// <summary>What happens to one commit.</summary>
public enum CommitFate
{
    Commits,

    /// <summary>The process dies before anything is durable.</summary>
    DiesBefore,

    /// <summary>It is durable, but nobody hears of it.</summary>
    DiesAfter,

    /// <summary>Somebody else was first.</summary>
    LosesRace,
}

/// <summary>A store with faults on demand.</summary>
internal sealed class ForwardingStore(IRecordStore inner) : IRecordStore
{
    public Func<CommitFate> Fate { get; set; } = () => CommitFate.Commits;

    public string? GenerationOverride { get; set; }

    public string Generation => GenerationOverride ?? inner.Generation;

    public ValueTask<Machine?> MachineAsync(string id, CancellationToken cancellationToken = default) => inner.MachineAsync(id, cancellationToken);

    public ValueTask<ImmutableArray<Machine>> MachinesAsync(CancellationToken cancellationToken = default) => inner.MachinesAsync(cancellationToken);

    public ValueTask<Deployment?> DeploymentAsync(string id, CancellationToken cancellationToken = default) => inner.DeploymentAsync(id, cancellationToken);

    public ValueTask<ImmutableArray<Deployment>> DeploymentsOfAsync(string machineId, CancellationToken cancellationToken = default) =>
        inner.DeploymentsOfAsync(machineId, cancellationToken);

    public ValueTask<ImmutableArray<Deployment>> OpenDeploymentsAsync(CancellationToken cancellationToken = default) => inner.OpenDeploymentsAsync(cancellationToken);

    public ValueTask<TimelinePage> TimelineAsync(string machineId, long after = 0, int limit = IRecordStore.TimelineBound, CancellationToken cancellationToken = default) =>
        inner.TimelineAsync(machineId, after, limit, cancellationToken);

    public async ValueTask<CommitResult> CommitAsync(StoreChange change, CancellationToken cancellationToken = default)
    {
        var fate = Fate();
        if (fate == CommitFate.DiesBefore)
        {
            throw new StoreException("died before the commit", "none");
        }

        if (fate == CommitFate.LosesRace)
        {
            return new CommitResult.Conflict("lost");
        }

        var result = await inner.CommitAsync(change, cancellationToken);
        return fate == CommitFate.DiesAfter ? throw new StoreException("died after the commit", "none") : result;
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
