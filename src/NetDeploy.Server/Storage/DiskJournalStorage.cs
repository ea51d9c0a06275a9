using Microsoft.Win32.SafeHandles;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Storage;

/// <summary>Journals as files.</summary>
public sealed class DiskJournalStorage : IJournalStorage
{
    public static DiskJournalStorage Instance { get; } = new();

    /// <summary>Where a journal did not open: a second server is looked for only where there is one.</summary>
    public static string RemedyOf(IOException failure) => Posix.ErrorOf(failure) == Posix.WouldBlock
        ? "Only one server may use it: stop the other one, or give this one its own --data."
        : "The server's user must own the folder, on a disk that has room and can be written; look after that and start again.";

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

            return new DiskJournalFile(handle, path);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"{path} may not be written by this user.", error);
        }
    }

    public void Replace(string source, string target) => File.Move(source, target, overwrite: true);

    public void SyncName(string path) => Posix.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);

    public void Delete(string path) => File.Delete(path);

    private sealed class DiskJournalFile(SafeFileHandle handle, string path) : IJournalFile
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

        public void Sync() => Posix.SyncData(handle, path);

        public void Truncate(long length) => RandomAccess.SetLength(handle, length);

        public void Dispose() => handle.Dispose();
    }
}
