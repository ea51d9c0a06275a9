using NetDeploy.Core.Tests.Profiles;

namespace NetDeploy.Core.Tests;

/// <summary>Foreign schemas that lie beside the project and not in it: the folder <c>../shared</c> of the repository, or NETDEPLOY_SHARED.</summary>
internal static class SharedFiles
{
    /// <summary>Null where it is not there.</summary>
    public static string? Find(string name)
    {
        var folders = new List<string>();
        if (Environment.GetEnvironmentVariable("NETDEPLOY_SHARED") is { Length: > 0 } named)
        {
            folders.Add(named);
        }

        for (var at = new DirectoryInfo(ShippedFiles.Root).Parent; at is not null; at = at.Parent)
        {
            folders.Add(Path.Combine(at.FullName, "shared"));
        }

        return folders.Select(f => Path.Combine(f, name)).FirstOrDefault(File.Exists);
    }
}
