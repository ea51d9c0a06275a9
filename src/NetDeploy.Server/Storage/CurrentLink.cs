using System.Runtime.InteropServices;

namespace NetDeploy.Server.Storage;

/// <summary>A link named <c>current</c> that says which of several folders is in force, turned in one step.</summary>
internal static partial class CurrentLink
{
    private const string Name = "current";

    /// <summary>The name that the link holds; null where there is no link.</summary>
    public static string? Read(string folder) => new FileInfo(Path.Combine(folder, Name)).LinkTarget;

    /// <summary>rename(2) puts one link in the place of the other; File.Move refuses links to folders.</summary>
    /// <exception cref="IOException">The link could not be written.</exception>
    public static void Turn(string folder, string target)
    {
        var link = Path.Combine(folder, $"{Name}.{Environment.ProcessId}");
        File.Delete(link);
        File.CreateSymbolicLink(link, target);
        if (Rename(link, Path.Combine(folder, Name)) != 0)
        {
            throw new IOException($"cannot turn {folder}/{Name} to {target}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        FolderSync.Sync(folder);
    }

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);
}
