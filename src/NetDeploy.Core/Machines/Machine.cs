using System.Collections.Immutable;
using System.Net;

namespace NetDeploy.Core.Machines;

/// <summary>What a machine is made of; the key <c>type</c> of its document.</summary>
public enum MachineKind
{
    Metal,
    Guest,
}

/// <summary>Why a machine is kept from reinstalling, until <c>release</c>.</summary>
public sealed record Quarantine(DateTimeOffset Since, string DeploymentId, string Reason);

/// <summary>What a machine's inventory and reports said last.</summary>
public sealed record MachineReport
{
    public DateTimeOffset At { get; init; }

    /// <summary>The inventory's keys with their values in the order they came; bounded by the service.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Inventory { get; init; } =
        ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>Where the installed system reported its first boot from; null before that.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>SSH host keys, one <c>.pub</c> line each.</summary>
    public ImmutableArray<string> HostKeys { get; init; } = [];
}

/// <summary>A machine's record: the id that stays, and the hardware, address and deployment it has now.</summary>
public sealed record Machine
{
    /// <summary>Made once and never reused; a new name or new hardware does not change it.</summary>
    public required string Id { get; init; }

    public required string Name { get; init; }

    public MachineKind Kind { get; init; }

    public Binding Binding { get; init; } = new();

    /// <summary>
    /// The hardware that its document named when that was taken over last, undated. The binding follows the document only where
    /// this differs from it, since <c>replace</c> may have moved the machine. Null in records older than this field.
    /// </summary>
    public Binding? Documented { get; init; }

    /// <summary>Bindings it had before, newest first; the last eight are kept.</summary>
    public ImmutableArray<Binding> FormerBindings { get; init; } = [];

    /// <summary>The static addresses its specification gives the installed system; they may send the first-boot report.</summary>
    public ImmutableArray<IPAddress> Addresses { get; init; } = [];

    /// <summary>A protected machine refuses <c>deploy</c>.</summary>
    public bool Protected { get; init; }

    public Quarantine? Quarantine { get; init; }

    /// <summary>The newest deployment, whatever its state; callbacks of any other are recorded and change nothing.</summary>
    public string? DeploymentId { get; init; }

    /// <summary>This hardware's last deployment that reached <c>installed</c>: the last good recipe is that one's, whatever became of its system.</summary>
    public string? InstalledDeploymentId { get; init; }

    /// <summary>A later deployment claimed the disk: what was installed counts as gone, since nobody can tell whether it wrote before it ended.</summary>
    public bool Overwritten { get; init; }

    /// <summary>Whether a deploy would overwrite a system.</summary>
    public bool HoldsSystem() => InstalledDeploymentId is not null && !Overwritten;

    public MachineReport? Observed { get; init; }

    /// <summary>Set by the store; a write names the revision it read.</summary>
    public long Revision { get; init; }

    /// <summary>Moves the machine to other hardware: the old binding becomes history, and the report of the old hardware goes.</summary>
    public Machine Replace(Binding hardware) => this with
    {
        Binding = hardware,
        FormerBindings = [.. FormerBindings.Insert(0, Binding).Take(8)],
        InstalledDeploymentId = null,
        Overwritten = false,
        Observed = null,
    };
}
