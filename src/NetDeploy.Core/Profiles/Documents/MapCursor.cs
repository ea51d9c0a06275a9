using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>Reads a checked and merged tree: every scalar has passed its format, so what is there can be parsed.</summary>
/// <param name="Map">Null: nothing was written here; every key is then absent.</param>
/// <param name="At">Where to show what is wrong with the whole.</param>
internal readonly record struct MapCursor(MapNode? Map, string Path, Origin At)
{
    public static MapCursor Of(MapNode map, string path) => new(map, path, map.Origin);

    public bool Has(string key) => Map?[key] is not null;

    public string? Text(string key) => (Map?[key] as ScalarNode)?.Value;

    public bool? Flag(string key) => Text(key) is { } text ? text == "true" : null;

    public int? Number(string key) => Text(key) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary>Bytes.</summary>
    public long? Size(string key) => Text(key) is { } text && Values.TrySize(text, out var bytes) ? bytes : null;

    public IPAddress? Address(string key) => Text(key) is { } text && Values.TryAddress(text, out var address) ? address : null;

    public ImmutableArray<string> Texts(string key) =>
        Map?[key] is ListNode list ? [.. list.Items.OfType<ScalarNode>().Select(s => s.Value)] : [];

    public ImmutableArray<IPAddress> Addresses(string key) => [.. Texts(key).Select(IPAddress.Parse)];

    public MapCursor Below(string key) => new(Map?[key] as MapNode, Paths.Key(Path, key), OriginOf(key));

    /// <summary>The named things of a list, each with its name in the path.</summary>
    public IEnumerable<MapCursor> Items(string key, string nameKey = "name")
    {
        var path = Paths.Key(Path, key);
        return Map?[key] is ListNode list
            ? list.Items.OfType<MapNode>().Select(m => new MapCursor(m, Paths.Item(path, ((ScalarNode)m[nameKey]!).Value), m.Origin))
            : [];
    }

    /// <summary>Of the key's value; of the whole where the key is absent.</summary>
    public Origin OriginOf(string key) => Map?[key]?.Origin ?? At;

    public string PathOf(string key) => Paths.Key(Path, key);
}
