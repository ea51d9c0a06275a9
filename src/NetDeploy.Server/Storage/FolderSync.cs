using System.ComponentModel;
using System.Runtime.InteropServices;

namespace NetDeploy.Server.Storage;

/// <summary>Makes names durable: a synced file can still lose its name with the power.</summary>
internal static partial class FolderSync
{
    private const int ReadOnlyFolderCloseOnExec = 0x10000 | 0x80000;

    /// <summary>fsync(2) on the folder itself; .NET opens no folders.</summary>
    /// <exception cref="IOException">The folder could not be opened or synced.</exception>
    public static void Sync(string folder)
    {
        var descriptor = Open(folder, ReadOnlyFolderCloseOnExec);
        if (descriptor < 0)
        {
            throw Failure(folder);
        }

        try
        {
            if (Fsync(descriptor) != 0)
            {
                throw Failure(folder);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(string folder) =>
        new($"Cannot sync the folder {folder}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
