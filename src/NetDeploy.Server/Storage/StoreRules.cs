using System.Collections.Immutable;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;

namespace NetDeploy.Server.Storage;

/// <summary>What every store decides alike: compare-and-set, revisions, sequence numbers, bounds.</summary>
internal static class StoreRules
{
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
