using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace NetDeploy.Server.BootFiles;

/// <summary>One row of <c>loaders.yaml</c>.</summary>
/// <param name="Name">The name under which it is served.</param>
/// <param name="File">Its path in the Debian package, without a leading slash.</param>
/// <param name="Licence">SPDX identifier.</param>
/// <param name="Prefix">GRUB only: the folder that it asks for its configuration.</param>
public sealed record LoaderEntry(string Name, string Package, string File, string Licence, string? Prefix, string Use);

/// <summary>The committed list of loaders, <c>bootfiles/loaders.yaml</c>.</summary>
public static class LoaderList
{
    public const string FileName = "loaders.yaml";

    /// <exception cref="BootFilesException">The list is missing or wrong; the reason names file and line.</exception>
    public static ImmutableArray<LoaderEntry> Load(string sources)
    {
        var path = Path.Combine(sources, FileName);
        try
        {
            return Parse(System.IO.File.ReadAllText(path), path);
        }
        catch (IOException e)
        {
            throw Wrong($"cannot read {path}: {e.Message}");
        }
    }

    internal static ImmutableArray<LoaderEntry> Parse(string yaml, string path)
    {
        Document? document;
        try
        {
            document = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance)
                .Build().Deserialize<Document?>(yaml);
        }
        catch (YamlException e)
        {
            throw Wrong($"{path}:{e.Start.Line}: {e.InnerException?.Message ?? e.Message}");
        }

        var entries = (document?.Loaders ?? []).Select((row, i) => row.ToEntry(path, i + 1)).ToImmutableArray();
        if (entries.IsEmpty)
        {
            throw Wrong($"{path} lists no loader");
        }

        var twice = entries.GroupBy(e => e.Name).FirstOrDefault(g => g.Count() > 1);
        return twice is null ? entries : throw Wrong($"{path} lists {twice.Key} twice");
    }

    private static BootFilesException Wrong(string reason) =>
        new(BootFilesFault.Wrong, reason, "restore bootfiles/loaders.yaml from the source tree");

    private sealed class Document
    {
        public List<Row> Loaders { get; set; } = [];
    }

    private sealed class Row
    {
        public string? Name { get; set; }

        public string? Package { get; set; }

        public string? File { get; set; }

        public string? Licence { get; set; }

        public string? Prefix { get; set; }

        public string? Use { get; set; }

        public LoaderEntry ToEntry(string path, int number)
        {
            string Required(string? value, string key) =>
                string.IsNullOrWhiteSpace(value) ? throw Wrong($"{path}: loader {number} ({Name}) has no {key}") : value;

            var entry = new LoaderEntry(
                Required(Name, "name"), Required(Package, "package"), Required(File, "file"), Required(Licence, "licence"), Prefix, Use ?? "");
            // Names become files in the cache, and paths are looked up in an unpacked package.
            return entry.Name.AsSpan().IndexOfAny('/', '\\') >= 0 || entry.File.StartsWith('/') || entry.File.Contains("..", StringComparison.Ordinal)
                ? throw Wrong($"{path}: loader {number} ({Name}) has a name or file that leads out of its folder")
                : entry;
        }
    }
}
