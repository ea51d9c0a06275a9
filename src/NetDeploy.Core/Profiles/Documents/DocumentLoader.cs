using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>A document that passed its shape: header and keys merged into normal form, the layer as it was written.</summary>
internal sealed record LoadedDocument(string Kind, string Name, MapCursor Body, Node? System);

/// <summary>Texts to checked documents: syntax, header, shape. What stands in other files plays no part here.</summary>
internal static class DocumentLoader
{
    /// <summary>A file as it is kept: its documents as records, and what is wrong with them.</summary>
    public static LoadedFile Load(SourceText source)
    {
        var findings = new DiagnosticBag();
        var documents = Read(source, findings);
        var entries = ImmutableArray.CreateBuilder<DocumentEntry>(documents.Length);
        foreach (var document in documents)
        {
            object spec = document.Kind switch
            {
                "Machine" => MachineDocument.Read(document),
                "Network" => NetworkDocument.Read(document, findings),
                "Distro" => SmallDocuments.ReadDistro(document),
                "Profile" => SmallDocuments.ReadProfile(document),
                "Platform" => SmallDocuments.ReadPlatform(document),
                _ => EnrolmentDocument.Read(document),
            };
            entries.Add(new(document.Kind, document.Name, document.Body.At, spec, source, document.Kind == "Machine" ? null : document));
        }

        return new(source, entries.MoveToImmutable(), findings.IsEmpty ? null : findings);
    }

    /// <summary>The documents of one text with the places of all their keys.</summary>
    public static ImmutableArray<LoadedDocument> Read(SourceText source, DiagnosticBag diagnostics)
    {
        var roots = YamlReader.Read(source, diagnostics, out var whole);
        if (whole && roots.IsEmpty)
        {
            diagnostics.Add(new(Severity.Warning, source.Path, 0, 0, "", "the file holds no document.", "Write one into it, or remove the file."));
        }

        return [.. roots.Select(root => Load(root, diagnostics)).OfType<LoadedDocument>()];
    }

    private static LoadedDocument? Load(Node root, DiagnosticBag diagnostics)
    {
        if (root is not MapNode map)
        {
            diagnostics.Error(root.Origin, "", "a document is a map of keys.", $"Begin it with 'apiVersion: {Shapes.ApiVersion}' and 'kind: '.");
            return null;
        }

        if (!HasVersion(map, diagnostics) || ShapeOf(map, diagnostics) is not { } shape)
        {
            return null;
        }

        foreach (var entry in map.Entries.Where(e => e.Key is "remove" or "replace"))
        {
            diagnostics.Error(entry.KeyOrigin, entry.Key, $"'{entry.Key}' has no layer below it here.", "Move it into 'system'.");
            return null;
        }

        var kind = ((ScalarNode)map["kind"]!).Value;
        if (shape.Accept(map, "", diagnostics) is not MapNode accepted || (accepted["name"] as ScalarNode)?.Value is not { } name)
        {
            return null;
        }

        var layer = kind == "Profile" && accepted["site"] is ScalarNode { Value: "true" } ? "site" : kind.ToLowerInvariant();
        map.Origin.Document.Layer = $"{layer} {name}";
        var header = new MapNode(accepted.Origin, accepted.Entries.RemoveAll(e => e.Key == "system"));
        return new(kind, name, MapCursor.Of((MapNode)LayerMerge.Merge(null, header, shape, "", diagnostics), ""), accepted["system"]);
    }

    private static bool HasVersion(MapNode map, DiagnosticBag diagnostics)
    {
        var version = map["apiVersion"];
        if (version is ScalarNode { Value: Shapes.ApiVersion })
        {
            return true;
        }

        var message = version is ScalarNode { IsNull: false } other ? $"unknown apiVersion '{other.Value}'." : "the key 'apiVersion' is missing.";
        diagnostics.Error(version?.Origin ?? map.Origin, "apiVersion", message, $"This NetDeploy reads 'apiVersion: {Shapes.ApiVersion}'.");
        return false;
    }

    private static MapShape? ShapeOf(MapNode map, DiagnosticBag diagnostics)
    {
        var kind = (map["kind"] as ScalarNode)?.Value ?? "";
        if (Shapes.Kinds.TryGetValue(kind, out var shape))
        {
            return shape;
        }

        diagnostics.Error(map["kind"]?.Origin ?? map.Origin, "kind", kind.Length == 0 ? "the key 'kind' is missing." : $"unknown kind '{kind}'.", Spelling.Remedy(kind, Shapes.Kinds.Keys));
        return null;
    }
}
