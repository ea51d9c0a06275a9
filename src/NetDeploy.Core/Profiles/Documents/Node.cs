using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>One YAML document: its file, and the name of the layer it is, known once its header is read.</summary>
internal sealed class SourceDocument(string file)
{
    public string File { get; } = file;

    public string Layer { get; set; } = "";
}

/// <summary>Where a node was written; lines and columns from 1.</summary>
internal readonly record struct Origin(SourceDocument Document, int Line, int Column);

/// <summary>A YAML node with its place. Aliases are resolved; the tree is finite and bounded.</summary>
/// <param name="Count">Nodes below and with this one, aliases counted each time.</param>
/// <param name="Depth">1 for a scalar.</param>
internal abstract record Node(Origin Origin, int Count, int Depth);

/// <param name="IsNull">An empty plain scalar, <c>~</c> or <c>null</c>.</param>
internal sealed record ScalarNode(Origin Origin, string Value, bool IsNull) : Node(Origin, 1, 1);

/// <param name="KeyOrigin">Of the key itself: where an unknown key is shown.</param>
internal sealed record MapEntry(string Key, Origin KeyOrigin, Node Value);

internal sealed record MapNode(Origin Origin, ImmutableArray<MapEntry> Entries, int Count, int Depth) : Node(Origin, Count, Depth)
{
    public MapNode(Origin origin, ImmutableArray<MapEntry> entries)
        : this(origin, entries, 1, 1)
    {
        foreach (var entry in entries)
        {
            Count += entry.Value.Count;
            Depth = Math.Max(Depth, 1 + entry.Value.Depth);
        }
    }

    public Node? this[string key] => Entry(key)?.Value;

    public MapEntry? Entry(string key)
    {
        foreach (var entry in Entries)
        {
            if (entry.Key == key)
            {
                return entry;
            }
        }

        return null;
    }
}

internal sealed record ListNode(Origin Origin, ImmutableArray<Node> Items, int Count, int Depth) : Node(Origin, Count, Depth)
{
    public ListNode(Origin origin, ImmutableArray<Node> items)
        : this(origin, items, 1, 1)
    {
        foreach (var item in items)
        {
            Count += item.Count;
            Depth = Math.Max(Depth, 1 + item.Depth);
        }
    }
}

/// <summary>A map or list with explicit <c>remove:</c>, <c>replace:</c> or <c>add:</c>: what it does to the layers below.</summary>
/// <param name="Replaces">Nothing of the layers below stays.</param>
/// <param name="Remove">Keys, names or values that go.</param>
/// <param name="Value">What is then laid on top.</param>
internal sealed record ChangeNode(Origin Origin, bool Replaces, ImmutableArray<ScalarNode> Remove, Node Value) : Node(Origin, Value.Count, Value.Depth);
