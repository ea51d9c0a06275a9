using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>Writes down each leaf of a resolved tree with the place that won.</summary>
internal static class ProvenanceIndex
{
    public static ImmutableArray<Provenance> Of(MapNode tree)
    {
        var leaves = new List<Provenance>();
        Walk(tree, Shapes.System, "system", leaves);
        return [.. leaves.OrderBy(l => l.Path, StringComparer.Ordinal)];
    }

    private static void Walk(Node node, Shape shape, string path, List<Provenance> leaves)
    {
        switch (node)
        {
            case MapNode { Entries.Length: > 0 } map:
                var inner = (shape as ShortFormShape)?.Map ?? shape;
                foreach (var entry in map.Entries)
                {
                    var below = inner is DictionaryShape dictionary ? dictionary.Value : ((MapShape)inner).Keys[entry.Key];
                    Walk(entry.Value, below, Paths.Key(path, entry.Key), leaves);
                }

                break;
            case ListNode { Items.Length: > 0 } list:
                var items = (ListShape)shape;
                foreach (var (index, item) in list.Items.Index())
                {
                    Walk(item, items.Item, items.NameOf(item) is { } name ? Paths.Item(path, name) : Paths.Index(path, index), leaves);
                }

                break;
            default:
                var hidden = ((shape as ShortFormShape)?.Word ?? shape as ScalarShape)?.Hidden == true;
                var text = node switch { ScalarNode s => hidden ? "***" : s.Value, MapNode => "{}", _ => "[]" };
                leaves.Add(new(path, text, node.Origin.Document.File, node.Origin.Line, node.Origin.Column, node.Origin.Document.Layer));
                break;
        }
    }
}
