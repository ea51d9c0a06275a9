using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetDeploy.Server.Storage;

/// <summary>Journals as files.</summary>
public sealed partial class DiskJournalStorage : IJournalStorage
{
    /// <summary>O_CLOEXEC; a directory opens read-only.</summary>
    private const int OpenDirectory = 0x80000;

    public static DiskJournalStorage Instance { get; } = new();

    public IJournalFile Open(string path)
    {
        var isNew = !File.Exists(path);
        try
        {
            // FileShare.None is an flock: a second server on the same data directory is refused.
            var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            if (isNew)
            {
                SyncName(path);
            }

            return new DiskJournalFile(handle);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"{path} may not be written by this user: give it the data directory (chown), or start as its owner.", error);
        }
    }

    public void Replace(string source, string target) => File.Move(source, target, overwrite: true);

    public void SyncName(string path)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var descriptor = Native.Open(directory, OpenDirectory);
        if (descriptor < 0)
        {
            throw new IOException($"The directory {directory} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}.");
        }

        try
        {
            if (Native.Fsync(descriptor) != 0)
            {
                throw new IOException($"The directory {directory} could not be synced to disk: {Marshal.GetLastPInvokeErrorMessage()}.");
            }
        }
        finally
        {
            _ = Native.Close(descriptor);
        }
    }

    public void Delete(string path) => File.Delete(path);

    private sealed class DiskJournalFile(SafeFileHandle handle) : IJournalFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(long offset, Span<byte> buffer)
        {
            var total = 0;
            while (total < buffer.Length && RandomAccess.Read(handle, buffer[total..], offset + total) is > 0 and var count)
            {
                total += count;
            }

            return total;
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(handle, bytes, offset);

        public void Sync()
        {
            if (Native.Fdatasync(handle) != 0)
            {
                throw new IOException($"fdatasync failed: {Marshal.GetLastPInvokeErrorMessage()}.");
            }
        }

        public void Truncate(long length) => RandomAccess.SetLength(handle, length);

        public void Dispose() => handle.Dispose();
    }

    private static partial class Native
    {
        [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static partial int Open(string path, int flags);

        [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
        public static partial int Fsync(int descriptor);

        [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
        public static partial int Fdatasync(SafeFileHandle descriptor);

        [LibraryImport("libc", EntryPoint = "close")]
        public static partial int Close(int descriptor);
    }
}
