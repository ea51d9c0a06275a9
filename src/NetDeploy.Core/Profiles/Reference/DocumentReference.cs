using System.Text;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Reference;

/// <summary>The table of shapes as a page: <c>profiles/REFERENCE.md</c>.</summary>
public static class DocumentReference
{
    private const string Head = """
        # Every key

        Made from the code that reads the documents; a test compares the two. What they are for, with examples that work: [README.md](README.md).
        `[]` is each item of a list. In a list's place a layer may write `remove: [name]`, `add: [...]` or `replace: [...]`, and in a map `remove: [key]`
        or `replace: {...}` alone. Editors check the same by `netdeploy schema`.

        """;

    public static string Write()
    {
        var page = new StringBuilder(Head);
        foreach (var (kind, shape) in Shapes.Kinds)
        {
            Table(page, kind, kind, shape);
        }

        Table(page, "`system`, in each of them", "system", Shapes.System);
        return page.ToString();
    }

    /// <summary>Every path of every shape, with its shape: <c>Machine.binding.macs</c>, <c>system.users[].name</c>.</summary>
    internal static IEnumerable<(string Path, Shape Shape)> Paths() =>
        Shapes.Kinds.SelectMany(k => Below(k.Key, k.Value)).Concat(Below("system", Shapes.System));

    private static IEnumerable<(string Path, Shape Shape)> Below(string path, Shape shape) => shape switch
    {
        MapShape map => map.Keys.OrderBy(k => k.Key, StringComparer.Ordinal).SelectMany(k =>
        {
            var at = Documents.Paths.Key(path, k.Key);
            var rest = k.Value == Shapes.System ? [] : Below(at, k.Value);
            return rest.Prepend((at, k.Value));
        }),
        ShortFormShape both => Below(path, both.Map),
        ListShape list => Below(path + "[]", list.Item),
        _ => [],
    };

    private static void Table(StringBuilder page, string title, string path, MapShape shape)
    {
        page.Append("\n## ").Append(title).Append("\n\n| key | value | default | what it is |\n|---|---|---|---|\n");
        foreach (var (at, value) in Below(path, shape))
        {
            var text = ShapeTexts.Of(at);
            var needed = shape.Required.Contains(at[(path.Length + 1)..]) ? "**needed**" : text.Default.Length > 0 ? $"`{text.Default}`" : "";
            page.Append("| `").Append(path == "system" ? at : at[(path.Length + 1)..]).Append("` | ").Append(Cell(value.Description))
                .Append(" | ").Append(needed).Append(" | ").Append(Cell(text.Text)).Append(Example(value)).Append(" |\n");
        }
    }

    private static string Example(Shape shape) => shape switch
    {
        ScalarShape { Remedy.Length: > 0 } scalar => " " + Cell(scalar.Remedy),
        ShortFormShape both => Example(both.Word),
        ListShape list => Example(list.Item),
        DictionaryShape dictionary => Example(dictionary.Value),
        _ => "",
    };

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
