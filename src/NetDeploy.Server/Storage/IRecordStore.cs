using System.Collections.Immutable;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;

namespace NetDeploy.Server.Storage;

/// <summary>A timeline entry before the store numbered it.</summary>
public sealed record TimelineDraft(DateTimeOffset At, string MachineId, string? DeploymentId, TimelineNote Note);

/// <summary>
/// One transaction: all of it becomes durable, or none. Each record names the revision it was read with; 0 says that it must
/// not exist yet.
/// </summary>
public sealed record StoreChange
{
    public ImmutableArray<Machine> Machines { get; init; } = [];

    /// <summary>Machines to remove, with their timelines and deployments.</summary>
    public ImmutableArray<Machine> Forgotten { get; init; } = [];

    public ImmutableArray<Deployment> Deployments { get; init; } = [];

    public ImmutableArray<TimelineDraft> Entries { get; init; } = [];
}

/// <summary>What a commit did.</summary>
public abstract record CommitResult
{
    private CommitResult()
    {
    }

    /// <summary>Durable; the records with their new revisions, the entries with their sequence numbers, in the change's order.</summary>
    public sealed record Committed(
        ImmutableArray<Machine> Machines,
        ImmutableArray<Deployment> Deployments,
        ImmutableArray<TimelineEntry> Entries) : CommitResult;

    /// <summary>Somebody else was first, or a name is taken: nothing was written; read again and decide again.</summary>
    public sealed record Conflict(string Reason) : CommitResult;
}

/// <param name="Dropped">Older entries of this machine that the bound removed.</param>
public sealed record TimelinePage(ImmutableArray<TimelineEntry> Entries, long Dropped);

/// <summary>
/// Machines, deployments and timelines. A commit that returned is durable: on the disk, not in a cache.
/// Timelines keep <see cref="TimelineBound"/> entries of a machine; of more the oldest evidence is dropped first, and counted.
/// </summary>
public interface IRecordStore : IAsyncDisposable
{
    const int TimelineBound = 2000;

    /// <summary>The deployments of a machine that are kept besides its newest: older ones are removed with a commit that adds one, but for the one that its system came from.</summary>
    const int DeploymentBound = 50;

    /// <summary>Changes when a copy is restored, which voids open grants and tokens.</summary>
    string Generation { get; }

    ValueTask<Machine?> MachineAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Ordered by name.</summary>
    ValueTask<ImmutableArray<Machine>> MachinesAsync(CancellationToken cancellationToken = default);

    ValueTask<Deployment?> DeploymentAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Newest first.</summary>
    ValueTask<ImmutableArray<Deployment>> DeploymentsOfAsync(string machineId, CancellationToken cancellationToken = default);

    /// <summary>All deployments that are not in a terminal state.</summary>
    ValueTask<ImmutableArray<Deployment>> OpenDeploymentsAsync(CancellationToken cancellationToken = default);

    /// <summary>Entries with a sequence greater than <paramref name="after"/>, oldest first.</summary>
    ValueTask<TimelinePage> TimelineAsync(string machineId, long after = 0, int limit = TimelineBound, CancellationToken cancellationToken = default);

    ValueTask<CommitResult> CommitAsync(StoreChange change, CancellationToken cancellationToken = default);
}
