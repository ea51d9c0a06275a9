using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Storage;

/// <summary>A link named <c>current</c> that says which of several folders is in force, turned in one step.</summary>
internal static class CurrentLink
{
    private const string Name = "current";

    /// <summary>The name that the link holds; null where there is no link.</summary>
    public static string? Read(string folder) => new FileInfo(Path.Combine(folder, Name)).LinkTarget;

    /// <exception cref="IOException">The link could not be written.</exception>
    public static void Turn(string folder, string target)
    {
        var link = Path.Combine(folder, $"{Name}.{Environment.ProcessId}");
        File.Delete(link);
        File.CreateSymbolicLink(link, target);
        Posix.Rename(link, Path.Combine(folder, Name));
        Posix.SyncFolder(folder);
    }
}
