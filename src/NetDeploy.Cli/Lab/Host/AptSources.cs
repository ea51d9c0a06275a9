using System.Collections.Immutable;

namespace NetDeploy.Cli.Lab.Host;

/// <summary>One binary package source of apt: one address and one suite.</summary>
internal sealed record AptSource(string Uri, string Suite, ImmutableArray<string> Components);

/// <summary>The two formats of sources.list(5).</summary>
internal static class AptSources
{
    private static readonly char[] Blank = [' ', '\t'];

    public static IEnumerable<AptSource> Parse(string text, bool deb822) => deb822 ? Stanzas(text) : Lines(text);

    /// <summary><c>deb [ option=value ... ] uri suite component ...</c></summary>
    private static IEnumerable<AptSource> Lines(string text)
    {
        foreach (var raw in text.Split('\n'))
        {
            var line = raw.Split('#')[0].Trim();
            if (line.Split(Blank, 2) is not ["deb", var rest])
            {
                continue;
            }

            rest = rest.Trim();
            if (rest.StartsWith('['))
            {
                var end = rest.IndexOf(']', StringComparison.Ordinal);
                if (end < 0)
                {
                    continue;
                }

                rest = rest[(end + 1)..];
            }

            if (Words(rest) is [var uri, var suite, .. var components])
            {
                yield return new AptSource(uri, suite, [.. components]);
            }
        }
    }

    /// <summary>deb822: paragraphs of fields; a line that starts with white space goes on with the field before.</summary>
    private static IEnumerable<AptSource> Stanzas(string text)
    {
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        string? field = null;
        foreach (var line in text.Split('\n').Select(l => l.TrimEnd('\r')).Append(""))
        {
            if (line.StartsWith('#'))
            {
                continue;
            }

            if (line.Trim().Length == 0)
            {
                foreach (var source in Sources(fields))
                {
                    yield return source;
                }

                fields.Clear();
                field = null;
            }
            else if (line[0] is ' ' or '\t')
            {
                if (field is not null)
                {
                    fields[field] += " " + line.Trim();
                }
            }
            else if (line.Split(':', 2) is [var name, var value])
            {
                field = name.Trim();
                fields[field] = value.Trim();
            }
        }
    }

    private static IEnumerable<AptSource> Sources(Dictionary<string, string> fields)
    {
        string[] Field(string name) => fields.TryGetValue(name, out var value) ? Words(value) : [];

        if (!Field("Types").Contains("deb") || Field("Enabled") is ["no"])
        {
            return [];
        }

        return
            from uri in Field("URIs")
            from suite in Field("Suites")
            select new AptSource(uri, suite, [.. Field("Components")]);
    }

    private static string[] Words(string text) => text.Split(Blank, StringSplitOptions.RemoveEmptyEntries);
}
