using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>
/// What a node may be. One table of shapes (<see cref="Shapes"/>) says which keys exist, what their values are, and how
/// layers merge; checks, merge and the page of documentation all follow it.
/// </summary>
internal abstract class Shape
{
    /// <summary>Such as "a list of users".</summary>
    public abstract string Description { get; }

    /// <summary>The node in its normal form (short forms written out, MACs in one spelling), or null with the reason in <paramref name="diagnostics"/>.</summary>
    public abstract Node? Accept(Node node, string path, DiagnosticBag diagnostics);

    protected Node? Refuse(Node node, string path, DiagnosticBag diagnostics)
    {
        if (node is ScalarNode { IsNull: true })
        {
            diagnostics.Error(node.Origin, path, "the key has no value.", $"Write {Description}, or remove the key.");
        }
        else
        {
            var found = node switch { ScalarNode => "one value", MapNode => "a map", _ => "a list" };
            diagnostics.Error(node.Origin, path, $"expected {Description}, found {found}.", $"Write {Description} here.");
        }

        return null;
    }
}

/// <summary>Checks a scalar's text and may put it into its one spelling. Returns null where it is fine, else what is wrong, as the end of a sentence that begins with the value.</summary>
internal delegate string? Format(ref string text);

/// <param name="hidden">The value must not be shown, not even where it is wrong.</param>
internal sealed class ScalarShape(string description, Format format, string remedy = "", bool hidden = false) : Shape
{
    public override string Description => description;

    public bool Hidden => hidden;

    public string Remedy => remedy;

    /// <summary>All that it may be; empty where that is no matter of a list.</summary>
    public ImmutableArray<string> Words { get; init; } = [];

    /// <summary>The least and the largest whole number.</summary>
    public (int Min, int Max)? Range { get; init; }

    public bool IsFlag => format.Method.Name == nameof(Formats.Flag);

    /// <summary>The spelling that it must have, as editors check it; null where a pattern would not say it, or say too much.</summary>
    public string? Pattern => Formats.PatternOf(format);

    public override Node? Accept(Node node, string path, DiagnosticBag diagnostics)
    {
        if (node is not ScalarNode { IsNull: false } scalar)
        {
            return Refuse(node, path, diagnostics);
        }

        var text = scalar.Value;
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            diagnostics.Error(node.Origin, path, "the value holds a NUL character.", "Remove it: neither files nor shells can carry it.");
            return null;
        }

        if (format(ref text) is { } wrong)
        {
            diagnostics.Error(node.Origin, path, hidden ? $"the value {wrong}" : $"'{Shorten(text)}' {wrong}", remedy);
            return null;
        }

        return text == scalar.Value ? scalar : scalar with { Value = text };
    }

    private static string Shorten(string text) =>
        (text.Length > 80 ? text[..80] + "..." : text).ReplaceLineEndings(" ");
}

/// <summary>A map with known keys.</summary>
/// <param name="required">Checked per document: only for keys that no other layer can bring.</param>
internal sealed class MapShape(string description, ImmutableDictionary<string, Shape> keys, params string[] required) : Shape
{
    public override string Description => description;

    public ImmutableDictionary<string, Shape> Keys => keys;

    /// <summary>Keys that each document must have here.</summary>
    public IReadOnlyCollection<string> Required => required;

    /// <summary>The key whose value decides what the others mean: a layer that changes it starts afresh. Null: none does.</summary>
    public string? Discriminator { get; init; }

    public override Node? Accept(Node node, string path, DiagnosticBag diagnostics) =>
        node is MapNode map
            ? MapChange.Read(map, this, path, diagnostics, AcceptEntries)
            : Refuse(node, path, diagnostics);

    private MapNode AcceptEntries(MapNode map, string path, DiagnosticBag diagnostics)
    {
        var entries = ImmutableArray.CreateBuilder<MapEntry>(map.Entries.Length);
        foreach (var entry in map.Entries)
        {
            var at = Paths.Key(path, entry.Key);
            if (!keys.TryGetValue(entry.Key, out var shape))
            {
                diagnostics.Error(entry.KeyOrigin, at, $"unknown key '{entry.Key}'.", Spelling.Remedy(entry.Key, keys.Keys));
            }
            else if (shape.Accept(entry.Value, at, diagnostics) is { } value)
            {
                entries.Add(ReferenceEquals(value, entry.Value) ? entry : entry with { Value = value });
            }
        }

        foreach (var key in required)
        {
            if (map[key] is null)
            {
                diagnostics.Error(map.Origin, Paths.Key(path, key), $"the key '{key}' is missing.", $"Add '{key}: ' with {keys[key].Description}.");
            }
        }

        return new(map.Origin, entries.DrainToImmutable());
    }
}

/// <summary>A map whose keys are the author's own names.</summary>
internal sealed class DictionaryShape(string description, ScalarShape key, Shape value) : Shape
{
    public override string Description => description;

    public Shape Value => value;

    public override Node? Accept(Node node, string path, DiagnosticBag diagnostics) =>
        node is MapNode map
            ? MapChange.Read(map, this, path, diagnostics, AcceptEntries)
            : Refuse(node, path, diagnostics);

    private MapNode AcceptEntries(MapNode map, string path, DiagnosticBag diagnostics)
    {
        var entries = ImmutableArray.CreateBuilder<MapEntry>(map.Entries.Length);
        foreach (var entry in map.Entries)
        {
            var name = key.Accept(new ScalarNode(entry.KeyOrigin, entry.Key, false), path, diagnostics);
            var accepted = value.Accept(entry.Value, Paths.Key(path, entry.Key), diagnostics);
            if (name is not null && accepted is not null)
            {
                entries.Add(entry with { Value = accepted });
            }
        }

        return new(map.Origin, entries.ToImmutable());
    }
}

/// <summary>A value that may also be written as one word.</summary>
/// <param name="shortKey">The key that the word stands for; null: the word stays as it is.</param>
internal sealed class ShortFormShape(ScalarShape word, MapShape map, string? shortKey) : Shape
{
    public override string Description => $"{word.Description}, or {map.Description}";

    public MapShape Map => map;

    public ScalarShape Word => word;

    public override Node? Accept(Node node, string path, DiagnosticBag diagnostics)
    {
        if (node is not ScalarNode scalar)
        {
            return node is MapNode ? map.Accept(node, path, diagnostics) : Refuse(node, path, diagnostics);
        }

        var accepted = word.Accept(scalar, path, diagnostics);
        return accepted is null || shortKey is null ? accepted : new MapNode(node.Origin, [new MapEntry(shortKey, node.Origin, accepted)]);
    }
}

/// <summary>A list. With a key it is a list of named things, merged by their names; without, it is replaced as a whole.</summary>
internal sealed class ListShape(string description, Shape item, string? key = null) : Shape
{
    public override string Description => description;

    public Shape Item => item;

    public string? Key => key;

    public override Node? Accept(Node node, string path, DiagnosticBag diagnostics) => node switch
    {
        ListNode list => AcceptItems(list, path, diagnostics),
        MapNode map => ListChange.Read(map, this, path, diagnostics, AcceptItems),
        _ => Refuse(node, path, diagnostics),
    };

    /// <summary>The name of an item in normal form; null for a list of things without names.</summary>
    public string? NameOf(Node item) => item switch
    {
        ChangeNode change => NameOf(change.Value),
        MapNode map when key is not null => (map[key] as ScalarNode)?.Value,
        _ => null,
    };

    private ListNode AcceptItems(ListNode list, string path, DiagnosticBag diagnostics)
    {
        var items = ImmutableArray.CreateBuilder<Node>(list.Items.Length);
        var names = key is null ? null : new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < list.Items.Length; index++)
        {
            var raw = list.Items[index];
            var at = key is null ? Paths.Index(path, index) : Paths.Item(path, RawName(raw) ?? $"{index}");
            if (item.Accept(raw, at, diagnostics) is not { } accepted)
            {
                continue;
            }

            if (accepted is ChangeNode change && change.Remove.FirstOrDefault(r => r.Value == key) is { } nameless)
            {
                diagnostics.Error(nameless.Origin, at, $"the key '{key}' is the item's name and cannot be removed.", "To remove the whole item, write remove: [NAME] in the list's place.");
            }
            else if (key is not null && NameOf(accepted) is null)
            {
                // A name that is there and wrong was reported with its shape.
                if (RawName(raw) is null)
                {
                    diagnostics.Error(raw.Origin, at, $"the key '{key}' is missing: it is the name by which layers merge.", $"Add '{key}: '.");
                }
            }
            else if (names?.Add(NameOf(accepted)!) == false)
            {
                diagnostics.Error(raw.Origin, at, $"'{NameOf(accepted)}' is in this list twice.", "Keep one of them.");
            }
            else
            {
                items.Add(accepted);
            }
        }

        return new(list.Origin, items.DrainToImmutable());
    }

    private string? RawName(Node raw) =>
        raw is ScalarNode { IsNull: false } word ? word.Value : ((raw as MapNode)?[key!] as ScalarNode)?.Value;
}
