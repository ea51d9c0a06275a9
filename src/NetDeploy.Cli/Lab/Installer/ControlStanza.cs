using System.Collections.Immutable;

namespace NetDeploy.Cli.Lab.Installer;

/// <summary>One package of a Debian index or of dpkg's status (deb822, deb-control(5)): its fields in their order.</summary>
internal sealed record ControlStanza(ImmutableArray<KeyValuePair<string, string>> Fields)
{
    public string Package => this["Package"] ?? "";

    public string Version => this["Version"] ?? "";

    /// <summary>Null: the stanza has no such field.</summary>
    public string? this[string name] => Fields.FirstOrDefault(f => f.Key == name).Value;

    /// <summary>Names that must be there, whatever version they ask for; of alternatives all.</summary>
    public IEnumerable<string> Depends =>
        (this["Depends"] ?? "").Split([',', '|'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(d => d.Split(' ', '(', ':', '[')[0]);

    public IEnumerable<string> Provides =>
        (this["Provides"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(d => d.Split(' ', '(')[0]);

    public ControlStanza With(string name, string value) =>
        this[name] is null ? new(Fields.Add(new(name, value))) : new([.. Fields.Select(f => f.Key == name ? new(name, value) : f)]);

    public ControlStanza Without(params IEnumerable<string> names) => new([.. Fields.Where(f => !names.Contains(f.Key))]);

    /// <summary>A line that begins with a blank goes on with the field before it.</summary>
    public static IEnumerable<ControlStanza> Parse(string text)
    {
        var fields = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        foreach (var line in text.Split('\n').Append(""))
        {
            if (line.Length == 0)
            {
                if (fields.Any(f => f.Key == "Package"))
                {
                    yield return new(fields.ToImmutable());
                }

                fields.Clear();
            }
            else if (line[0] is ' ' or '\t' && fields.Count > 0)
            {
                fields[^1] = new(fields[^1].Key, fields[^1].Value + "\n" + line);
            }
            else if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                fields.Add(new(line[..colon], line[(colon + 1)..].TrimStart()));
            }
        }
    }

    public override string ToString() => string.Concat(Fields.Select(f => $"{f.Key}: {f.Value}\n"));
}
