using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>Whom the machine is handed over to.</summary>
internal static class HandoverBinder
{
    /// <summary>By kind: what it must say, and what else it may.</summary>
    private static readonly Dictionary<string, (string[] Needs, string[] May)> Kinds = new(StringComparer.Ordinal)
    {
        ["ansible-pull"] = (["repository", "playbook"], ["ref"]),
        ["puppet"] = (["server"], ["environment"]),
        ["salt"] = (["server"], []),
        ["command"] = (["content"], []),
    };

    public static HandoverSpec? Read(MapCursor system, DiagnosticBag diagnostics)
    {
        var handover = system.Below("handover");
        if (handover.Map is null)
        {
            return null;
        }

        if (handover.Text("by") is not { } by)
        {
            diagnostics.Error(handover.At, handover.PathOf("by"), "the hand-over does not say by what.", $"Add 'by: ', one of {string.Join(", ", Kinds.Keys)}.");
            return null;
        }

        var (needs, may) = Kinds[by];
        foreach (var key in needs.Where(k => !handover.Has(k)))
        {
            diagnostics.Error(handover.At, handover.PathOf(key), $"a hand-over by {by} needs '{key}'.", $"Add '{key}: '.");
        }

        foreach (var entry in handover.Map.Entries.Where(e => e.Key is not ("by" or "limit") && !needs.Contains(e.Key) && !may.Contains(e.Key)))
        {
            diagnostics.Error(entry.Value.Origin, handover.PathOf(entry.Key), $"'{entry.Key}' does not go with a hand-over by {by}.", $"Remove it; {by} takes {string.Join(", ", needs.Concat(may))}.");
        }

        return new()
        {
            By = by switch { "puppet" => HandoverKind.Puppet, "salt" => HandoverKind.Salt, "command" => HandoverKind.Command, _ => HandoverKind.AnsiblePull },
            Repository = handover.Text("repository"),
            Reference = handover.Text("ref"),
            Playbook = handover.Text("playbook"),
            Server = handover.Text("server"),
            Environment = handover.Text("environment"),
            Content = handover.Text("content") is { } content ? content.EndsWith('\n') ? content : content + "\n" : null,
            Limit = Durations.TryParse(handover.Text("limit") ?? "", out var limit) ? limit : HandoverSpec.DefaultLimit,
        };
    }
}
