using NetDeploy.Core.Profiles;

namespace NetDeploy.Cli;

/// <summary>The <c>Distro</c> documents of a folder, read by the loader that the server uses.</summary>
internal static class ShippedDistros
{
    /// <exception cref="UserFault">There is none of that name, or the documents are wrong.</exception>
    public static DistroSpec Find(string name, string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new UserFault($"There is no folder {folder}.", "Name the folder with the documents by --profiles.");
        }

        var parsed = DocumentSet.Parse(Directory.EnumerateFiles(folder, "*.yaml", SearchOption.AllDirectories)
            .Select(f => new SourceText(Path.GetRelativePath(folder, f), File.ReadAllText(f))));
        if (parsed.Value is not { } documents)
        {
            throw new UserFault($"The documents in {folder} are wrong: {parsed.Diagnostics.First(d => d.Severity == Severity.Error)}", "Mend them.");
        }

        return documents.Distros.GetValueOrDefault(name)
            ?? throw new UserFault($"There is no distro '{name}' in {folder}.", $"Known: {string.Join(", ", documents.Distros.Keys.Order(StringComparer.Ordinal))}.");
    }
}
