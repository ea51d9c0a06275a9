using System.Text.Json.Nodes;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Reference;

/// <summary>
/// The table of shapes as JSON Schema (draft 2020-12), for editors. It is never stricter than the reader: what an editor marks as wrong is refused, and
/// what spans documents or layers only <c>netdeploy apply --check</c> finds.
/// </summary>
public static class DocumentSchema
{
    public const string Draft = "https://json-schema.org/draft/2020-12/schema";

    private const string System = "system";

    public static IEnumerable<string> Kinds => Shapes.Kinds.Keys;

    /// <param name="kind">One of <see cref="Kinds"/>; null: a document of any of them.</param>
    public static JsonObject Of(string? kind = null)
    {
        var definitions = new JsonObject { [System] = Map(Shapes.System, System) };
        var schema = new JsonObject { ["$schema"] = Draft };
        if (kind is not null)
        {
            schema["title"] = $"NetDeploy {kind}";
            foreach (var (key, value) in Document(kind).ToList())
            {
                schema[key] = value?.DeepClone();
            }
        }
        else
        {
            schema["title"] = "NetDeploy document";
            schema["type"] = "object";
            schema["required"] = new JsonArray("apiVersion", "kind", "name");
            schema["properties"] = new JsonObject { ["kind"] = new JsonObject { ["enum"] = Words(Kinds) } };
            var cases = new JsonArray();
            foreach (var name in Kinds)
            {
                definitions[name] = Document(name);
                cases.Add((JsonNode)new JsonObject
                {
                    ["if"] = new JsonObject { ["properties"] = new JsonObject { ["kind"] = new JsonObject { ["const"] = name } } },
                    ["then"] = Reference(name),
                });
            }

            schema["allOf"] = cases;
        }

        schema["$defs"] = definitions;
        return schema;
    }

    private static JsonObject Document(string kind)
    {
        var shape = Shapes.Kinds[kind];
        var schema = Map(shape, kind, isDocument: true);
        schema["properties"]!["kind"] = new JsonObject { ["description"] = ShapeTexts.Of("kind").Text, ["const"] = kind };
        schema["required"] = Words(shape.Required.Prepend("kind").Prepend("apiVersion"));
        return schema;
    }

    private static JsonObject Of(Shape shape, string path) => shape switch
    {
        MapShape map when map == Shapes.System => Reference(System),
        MapShape map => Map(map, path),
        ListShape list => List(list, path),
        DictionaryShape dictionary => Dictionary(dictionary, path),
        ShortFormShape both => new() { ["anyOf"] = new JsonArray(Scalar(both.Word), Map(both.Map, path)) },
        _ => Scalar((ScalarShape)shape),
    };

    private static JsonObject Map(MapShape map, string path, bool isDocument = false)
    {
        var properties = new JsonObject();
        foreach (var (key, shape) in map.Keys.OrderBy(k => k.Key, StringComparer.Ordinal))
        {
            var at = Paths.Key(path, key);
            properties[key] = Described(Of(shape, at), at, shape);
        }

        var schema = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
        if (isDocument)
        {
            return schema;
        }

        if (map.Required.Count > 0)
        {
            schema["required"] = Words(map.Required);
        }

        return WithChanges(schema);
    }

    private static JsonObject Dictionary(DictionaryShape dictionary, string path) =>
        WithChanges(new() { ["type"] = "object", ["properties"] = new JsonObject(), ["additionalProperties"] = Of(dictionary.Value, path) });

    /// <summary>Beside its own keys a map may take some of the layers below away, or stand in their place.</summary>
    private static JsonObject WithChanges(JsonObject map)
    {
        var whole = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["required"] = new JsonArray("replace"), ["properties"] = new JsonObject { ["replace"] = map.DeepClone() } };
        map["properties"]!["remove"] = new JsonObject { ["description"] = "Keys of the layers below that go.", ["type"] = "array", ["items"] = AnyScalar() };
        return new() { ["anyOf"] = new JsonArray(map, whole) };
    }

    private static JsonObject List(ListShape list, string path)
    {
        JsonObject Items() => new() { ["type"] = "array", ["items"] = Of(list.Item, path + "[]") };
        var change = new JsonObject
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
        };
        return new() { ["anyOf"] = new JsonArray(Items(), change) };
    }

    private static JsonObject Scalar(ScalarShape scalar)
    {
        var schema = scalar switch
        {
            // YAML reads true and 1 as what they are, and a quoted one means the same here.
            { Words.Length: > 0 } => new JsonObject { ["enum"] = Words(scalar.Words, numbersToo: true) },
            { Range: var (min, max) } => new JsonObject { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "integer", ["minimum"] = min, ["maximum"] = max }, new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9]+$" }) },
            _ when scalar.IsFlag => new JsonObject { ["enum"] = new JsonArray(true, false, "true", "false", "True", "False", "TRUE", "FALSE") },
            _ => AnyScalar(),
        };
        if (scalar.Pattern is { } pattern)
        {
            schema["pattern"] = pattern;
        }

        return schema;
    }

    private static JsonObject AnyScalar() => new() { ["type"] = new JsonArray("string", "number", "boolean") };

    private static JsonObject Described(JsonObject schema, string path, Shape shape)
    {
        var text = ShapeTexts.Of(path);
        schema.Insert(0, "description", $"{text.Text} Value: {shape.Description}.{(text.Default.Length > 0 ? $" Default: {text.Default}." : "")}");
        return schema;
    }

    private static JsonObject Reference(string definition) => new() { ["$ref"] = $"#/$defs/{definition}" };

    private static JsonArray Words(IEnumerable<string> words, bool numbersToo = false)
    {
        var array = new JsonArray();
        foreach (var word in words)
        {
            array.Add((JsonNode)word);
            if (numbersToo && int.TryParse(word, out var number))
            {
                array.Add((JsonNode)number);
            }
        }

        return array;
    }
}
