using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>Reads <c>remove: [key]</c> beside a map's own keys, or <c>replace: {...}</c> in their place.</summary>
internal static class MapChange
{
    public static Node? Read(MapNode map, Shape shape, string path, DiagnosticBag diagnostics, Func<MapNode, string, DiagnosticBag, MapNode> accept)
    {
        if (map.Entry("replace") is { } replace)
        {
            foreach (var other in map.Entries.Where(e => e.Key != "replace"))
            {
                diagnostics.Error(other.KeyOrigin, Paths.Key(path, other.Key), "'replace' stands alone.", "Move this key below 'replace'.");
            }

            if (replace.Value is MapNode whole)
            {
                return new ChangeNode(map.Origin, true, [], accept(whole, path, diagnostics));
            }

            diagnostics.Error(replace.Value.Origin, Paths.Key(path, "replace"), $"expected {shape.Description}.", "Write what shall stand in its place below 'replace'.");
            return null;
        }

        var remove = map.Entry("remove");
        var rest = remove is null ? map : new MapNode(map.Origin, map.Entries.Remove(remove));
        var accepted = accept(rest, path, diagnostics);
        return remove is null ? accepted : new ChangeNode(map.Origin, false, Removal.Read(remove.Value, path, diagnostics), accepted);
    }
}

/// <summary>Reads a map in a list's place: <c>replace: [...]</c>, <c>remove: [...]</c>, <c>add: [...]</c>.</summary>
internal static class ListChange
{
    private static readonly string[] Known = ["add", "remove", "replace"];

    public static ChangeNode? Read(MapNode map, ListShape shape, string path, DiagnosticBag diagnostics, Func<ListNode, string, DiagnosticBag, ListNode> accept)
    {
        foreach (var entry in map.Entries.Where(e => !Known.Contains(e.Key)))
        {
            diagnostics.Error(entry.KeyOrigin, Paths.Key(path, entry.Key), $"expected {shape.Description}; a map here may only say add, remove or replace.", "Write a list, each item after '- '.");
            return null;
        }

        if (map.Entries.Length == 0)
        {
            diagnostics.Error(map.Origin, path, $"expected {shape.Description}.", "An empty list is written [].");
            return null;
        }

        if (map.Entry("replace") is { } replaced && map.Entry("add") is not null)
        {
            diagnostics.Error(replaced.KeyOrigin, path, "'replace' and 'add' exclude each other.", "Put all items below 'replace'.");
        }

        var remove = map["remove"] is { } removal ? Removal.Read(removal, path, diagnostics) : [];
        return new ChangeNode(map.Origin, map["replace"] is not null, remove, Items(map["replace"] ?? map["add"]));

        ListNode Items(Node? node)
        {
            if (node is ListNode list)
            {
                return accept(list, path, diagnostics);
            }

            if (node is not null)
            {
                diagnostics.Error(node.Origin, path, $"expected {shape.Description}.", "Write a list, each item after '- '.");
            }

            return new(map.Origin, []);
        }
    }
}

internal static class Removal
{
    public static ImmutableArray<ScalarNode> Read(Node node, string path, DiagnosticBag diagnostics)
    {
        if (node is ListNode list && list.Items.All(i => i is ScalarNode { IsNull: false }))
        {
            return [.. list.Items.Cast<ScalarNode>()];
        }

        diagnostics.Error(node.Origin, Paths.Key(path, "remove"), "expected a list of names.", "Such as: remove: [one, two]");
        return [];
    }
}
