using System.Text.Json.Nodes;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Reference;

/// <summary>
/// The table of shapes as JSON Schema (draft 2020-12), for editors. It is never stricter than the reader: what an editor marks as wrong is refused, and
/// what spans documents or layers only <c>netdeploy apply --check</c> finds. Each map is a definition of its own, since it may stand in three places: as
/// itself, in a layer that adds to it, and in one that replaces it.
/// </summary>
public sealed class DocumentSchema
{
    public const string Draft = "https://json-schema.org/draft/2020-12/schema";

    private readonly JsonObject _definitions = [];

    private DocumentSchema()
    {
    }

    public static IEnumerable<string> Kinds => Shapes.Kinds.Keys;

    /// <param name="kind">One of <see cref="Kinds"/>; null: a document of any of them.</param>
    public static JsonObject Of(string? kind = null)
    {
        var writer = new DocumentSchema();
        var schema = new JsonObject { ["$schema"] = Draft };
        if (kind is not null)
        {
            schema["title"] = $"NetDeploy {kind}";
            schema["$ref"] = writer.Document(kind);
        }
        else
        {
            schema["title"] = "NetDeploy document";
            schema["type"] = "object";
            schema["required"] = Words(["apiVersion", "kind", "name"]);
            schema["properties"] = new JsonObject { ["kind"] = new JsonObject { ["enum"] = Words(Kinds) } };
            schema["allOf"] = new JsonArray([.. Kinds.Select(name => (JsonNode)new JsonObject
            {
                ["if"] = new JsonObject { ["properties"] = new JsonObject { ["kind"] = new JsonObject { ["const"] = name } } },
                ["then"] = new JsonObject { ["$ref"] = writer.Document(name) },
            })]);
        }

        schema["$defs"] = writer._definitions;
        return schema;
    }

    private string Document(string kind)
    {
        var shape = Shapes.Kinds[kind];
        var properties = Properties(shape, kind);
        properties["kind"] = new JsonObject { ["description"] = ShapeTexts.Of("kind").Text, ["const"] = kind };
        _definitions[kind] = new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["required"] = Words(shape.Required.Prepend("kind").Prepend("apiVersion")),
            ["properties"] = properties,
        };
        return Pointer(kind);
    }

    private JsonObject Of(Shape shape, string path) => shape switch
    {
        MapShape map => new() { ["$ref"] = Map(map, path) },
        ListShape list => new() { ["$ref"] = List(list, path) },
        DictionaryShape dictionary => new() { ["$ref"] = Changeable(path, [], Of(dictionary.Value, path + ".value"), []) },
        ShortFormShape both => new() { ["anyOf"] = new JsonArray(Scalar(both.Word), new JsonObject { ["$ref"] = Map(both.Map, path) }) },
        _ => Scalar((ScalarShape)shape),
    };

    private string Map(MapShape map, string path)
    {
        // The neutral model is the same in every kind.
        var at = map == Shapes.System ? "system" : path;
        return _definitions.ContainsKey(Name(at)) ? Pointer(at) : Changeable(at, Properties(map, at), false, map.Required);
    }

    private JsonObject Properties(MapShape map, string path)
    {
        var properties = new JsonObject();
        foreach (var (key, shape) in map.Keys.OrderBy(k => k.Key, StringComparer.Ordinal))
        {
            var at = Paths.Key(path, key);
            var text = ShapeTexts.Of(at);
            var schema = Of(shape, at);
            schema.Insert(0, "description", $"{text.Text} Value: {shape.Description}.{(text.Default.Length > 0 ? $" Default: {text.Default}." : "")}");
            properties[key] = schema;
        }

        return properties;
    }

    /// <summary>A map that may also take keys of the layers below away, or stand in their place.</summary>
    private string Changeable(string path, JsonObject properties, JsonNode others, IReadOnlyCollection<string> required)
    {
        properties["remove"] = new JsonObject { ["description"] = "Keys of the layers below that go.", ["type"] = "array", ["items"] = AnyScalar() };
        properties["replace"] = new JsonObject { ["description"] = "What stands in the place of the layers below.", ["$ref"] = Pointer(path) };
        var map = new JsonObject { ["type"] = "object", ["additionalProperties"] = others, ["properties"] = properties };
        if (required.Count > 0)
        {
            map["anyOf"] = new JsonArray(new JsonObject { ["required"] = Words(required) }, new JsonObject { ["required"] = Words(["replace"]) });
        }

        _definitions[Name(path)] = map;
        return Pointer(path);
    }

    private string List(ListShape list, string path)
    {
        var items = path + ".items";
        _definitions[Name(items)] = new JsonObject { ["type"] = "array", ["items"] = Of(list.Item, path + "[]") };
        JsonObject Items() => new() { ["$ref"] = Pointer(items) };
        _definitions[Name(path)] = new JsonObject
        {
            ["anyOf"] = new JsonArray(Items(), new JsonObject
            {
                ["type"] = "object",
                ["additionalProperties"] = false,
                ["minProperties"] = 1,
                ["properties"] = new JsonObject
                {
                    ["add"] = Items(),
                    ["remove"] = new JsonObject { ["description"] = "Items of the layers below that go, by their names.", ["type"] = "array", ["items"] = AnyScalar() },
                    ["replace"] = Items(),
                },
            }),
        };
        return Pointer(path);
    }

    /// <summary>YAML reads true and 1 as what they are, and a quoted one means the same here.</summary>
    private static JsonObject Scalar(ScalarShape scalar)
    {
        if (scalar.Words.Length > 0)
        {
            return new() { ["enum"] = Words(scalar.Words, numbersToo: true) };
        }

        if (scalar.Range is var (min, max))
        {
            return new()
            {
                ["anyOf"] = new JsonArray(
                    new JsonObject { ["type"] = "integer", ["minimum"] = min, ["maximum"] = max },
                    new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9]+$" }),
            };
        }

        if (scalar.IsFlag)
        {
            return new() { ["enum"] = new JsonArray(true, false, "true", "false", "True", "False", "TRUE", "FALSE") };
        }

        var schema = AnyScalar();
        if (scalar.Pattern is { } pattern)
        {
            schema["pattern"] = pattern;
        }

        return schema;
    }

    private static JsonObject AnyScalar() => new() { ["type"] = Words(["string", "number", "boolean"]) };

    private static string Name(string path) => path.Replace("[]", "-item", StringComparison.Ordinal).Replace('.', '-');

    private static string Pointer(string path) => $"#/$defs/{Name(path)}";

    private static JsonArray Words(IEnumerable<string> words, bool numbersToo = false)
    {
        var array = new JsonArray();
        foreach (var word in words)
        {
            array.Add((JsonNode)word);
            if (numbersToo && int.TryParse(word, System.Globalization.CultureInfo.InvariantCulture, out var number))
            {
                array.Add((JsonNode)number);
            }
        }

        return array;
    }
}
