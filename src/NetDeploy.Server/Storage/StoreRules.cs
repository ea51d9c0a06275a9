using System.Collections.Frozen;
using System.Collections.Immutable;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;

namespace NetDeploy.Server.Storage;

/// <summary>What every store decides alike: compare-and-set, revisions, sequence numbers, bounds.</summary>
internal static class StoreRules
{
    /// <summary>What became of a machine's deployments, and what people did with it. The rest is evidence, which anyone on the segment can cause.</summary>
    private static readonly FrozenSet<string> Lasting =
        Enum.GetValues<DeploymentState>().Select(s => s.Word()).Concat(["enrolled", "release", "replace"]).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>
    /// Of a timeline that is full, what goes: the oldest evidence, so that a neighbour who is refused once a second all night does not push the
    /// history out. Where half of the timeline is history, the oldest of that.
    /// </summary>
    public static ImmutableArray<long> FirstToGo(IEnumerable<TimelineEntry> oldestFirst, int surplus)
    {
        var read = oldestFirst.Take((IRecordStore.TimelineBound / 2) + surplus);
        ImmutableArray<long> evidence = [.. read.Where(e => !Lasting.Contains(e.Kind)).Take(surplus).Select(e => e.Sequence)];
        return evidence.Length == surplus ? evidence
            : [.. evidence, .. read.Where(e => Lasting.Contains(e.Kind)).Take(surplus - evidence.Length).Select(e => e.Sequence)];
    }

    /// <summary>Checks a change against what is stored; a text why it conflicts, or null.</summary>
    public static string? Conflict(
        StoreChange change, Func<string, Machine?> machine, Func<string, string?> idOfName, Func<string, Deployment?> deployment)
    {
        foreach (var m in change.Machines)
        {
            if ((machine(m.Id)?.Revision ?? 0) != m.Revision)
            {
                return $"machine {m.Name} changed";
            }

            if (idOfName(m.Name) is { } other && other != m.Id && change.Forgotten.All(f => f.Id != other))
            {
                return $"the name {m.Name} is taken";
            }
        }

        return change.Forgotten.FirstOrDefault(m => machine(m.Id)?.Revision != m.Revision) is { } forgotten ? $"machine {forgotten.Name} changed"
            : change.Deployments.FirstOrDefault(d => (deployment(d.Id)?.Revision ?? 0) != d.Revision) is { } changed ? $"deployment {changed.Id} changed"
            : null;
    }

    /// <summary>The change with new revisions and sequence numbers.</summary>
    public static CommitResult.Committed Resolve(StoreChange change, long lastSequence) => new(
        [.. change.Machines.Select(m => m with { Revision = m.Revision + 1 })],
        [.. change.Deployments.Select(d => d with { Revision = d.Revision + 1 })],
        [.. change.Entries.Select((e, i) => new TimelineEntry(
            lastSequence + 1 + i, e.At, e.MachineId, e.DeploymentId, e.Note.Kind, e.Note.Severity, e.Note.Text))]);
}
