using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>
/// Lays a stronger layer over a weaker one. Scalars: the stronger. Maps: by key. Lists of named things: by name, in the
/// order in which names first came. Other lists: the stronger, whole.
/// </summary>
internal static class LayerMerge
{
    /// <param name="weaker">Merged before, so free of <see cref="ChangeNode"/>; null: nothing yet.</param>
    /// <returns>A tree free of <see cref="ChangeNode"/>.</returns>
    public static Node Merge(Node? weaker, Node stronger, Shape shape, string path, DiagnosticBag diagnostics)
    {
        if (stronger is ChangeNode change)
        {
            var rest = change.Replaces ? null : Remove(weaker, change, shape, path, diagnostics);
            return change.Value is ListNode list && shape is ListShape { Key: null } && rest is ListNode before
                ? new ListNode(list.Origin, [.. before.Items, .. list.Items])
                : Merge(rest, change.Value, shape, path, diagnostics);
        }

        return (stronger, Inner(shape, stronger)) switch
        {
            (MapNode map, MapShape s) => MergeMaps(SameSort(weaker as MapNode, map, s.Discriminator), map, key => s.Keys[key], path, diagnostics),
            (MapNode map, DictionaryShape s) => MergeMaps(weaker as MapNode, map, _ => s.Value, path, diagnostics),
            (ListNode list, ListShape { Key: not null } s) => MergeNamed(weaker as ListNode, list, s, path, diagnostics),
            _ => stronger,
        };
    }

    private static Shape Inner(Shape shape, Node node) => shape is ShortFormShape both && node is not ScalarNode ? both.Map : shape;

    private static MapNode? SameSort(MapNode? weaker, MapNode stronger, string? discriminator) =>
        discriminator is not null && stronger[discriminator] is ScalarNode strong && weaker?[discriminator] is ScalarNode weak && strong.Value != weak.Value
            ? null
            : weaker;

    private static MapNode MergeMaps(MapNode? weaker, MapNode stronger, Func<string, Shape> shapeOf, string path, DiagnosticBag diagnostics)
    {
        if (weaker is null)
        {
            return Alone(stronger, shapeOf, path, diagnostics);
        }

        var entries = weaker.Entries.ToList();
        var places = entries.Index().ToDictionary(e => e.Item.Key, e => e.Index, StringComparer.Ordinal);
        foreach (var entry in stronger.Entries)
        {
            var known = places.TryGetValue(entry.Key, out var place);
            var value = Merge(known ? entries[place].Value : null, entry.Value, shapeOf(entry.Key), Paths.Key(path, entry.Key), diagnostics);
            if (known)
            {
                entries[place] = entry with { Value = value };
            }
            else
            {
                places[entry.Key] = entries.Count;
                entries.Add(entry with { Value = value });
            }
        }

        return new(stronger.Origin, [.. entries]);
    }

    /// <summary>A map over nothing: it stays as it is but for what it changes below, so ten thousand machines' headers are not copied.</summary>
    private static MapNode Alone(MapNode map, Func<string, Shape> shapeOf, string path, DiagnosticBag diagnostics)
    {
        var entries = map.Entries;
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = entries[i];
            var value = Merge(null, entry.Value, shapeOf(entry.Key), Paths.Key(path, entry.Key), diagnostics);
            if (!ReferenceEquals(value, entry.Value))
            {
                entries = entries.SetItem(i, entry with { Value = value });
            }
        }

        return entries == map.Entries ? map : new(map.Origin, entries);
    }

    private static ListNode MergeNamed(ListNode? weaker, ListNode stronger, ListShape shape, string path, DiagnosticBag diagnostics)
    {
        var items = weaker?.Items.ToList() ?? [];
        var places = items.Index().ToDictionary(i => shape.NameOf(i.Item)!, i => i.Index, StringComparer.Ordinal);
        foreach (var item in stronger.Items)
        {
            var name = shape.NameOf(item)!;
            var known = places.TryGetValue(name, out var place);
            var merged = Merge(known ? items[place] : null, item, shape.Item, Paths.Item(path, name), diagnostics);
            if (known)
            {
                items[place] = merged;
            }
            else
            {
                places[name] = items.Count;
                items.Add(merged);
            }
        }

        return new(stronger.Origin, [.. items]);
    }

    private static Node? Remove(Node? weaker, ChangeNode change, Shape shape, string path, DiagnosticBag diagnostics)
    {
        foreach (var gone in change.Remove)
        {
            var before = weaker?.Count;
            weaker = weaker switch
            {
                MapNode map => new MapNode(map.Origin, [.. map.Entries.Where(e => e.Key != gone.Value)]),
                ListNode list => new ListNode(list.Origin, [.. list.Items.Where(i => !Is(i, gone.Value))]),
                _ => weaker,
            };
            if (before == weaker?.Count)
            {
                diagnostics.Warning(gone.Origin, path, $"there is no '{gone.Value}' to remove in the layers below.", "Remove the name, or correct its spelling.");
            }
        }

        return weaker;

        bool Is(Node item, string name) => shape is ListShape { Key: not null } named
            ? named.NameOf(item) == Canonical(name)
            : item is ScalarNode scalar && scalar.Value == name;

        // A MAC may be written in more than one way; every other name has one spelling.
        static string Canonical(string name)
        {
            Formats.Mac(ref name);
            return name;
        }
    }
}
