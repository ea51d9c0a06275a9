using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Tests.Storage;

/// <summary>Journals in memory that note what is done to them in order, keep apart what is synced, and fail when told to.</summary>
internal sealed class FaultyStorage : IJournalStorage
{
    private readonly Dictionary<string, MemoryFile> _files = [];

    /// <summary>What happened, shared with whoever notes the replies.</summary>
    public List<string> Happened { get; } = [];

    public bool DiskFull { get; set; }

    public bool SyncFails { get; set; }

    public bool NameSyncFails { get; set; }

    /// <summary>What a power cut would leave: the bytes of the last sync.</summary>
    public byte[] Synced(string path) => _files[path].Synced;

    public IJournalFile Open(string path)
    {
        if (!_files.TryGetValue(path, out var file))
        {
            _files.Add(path, file = new MemoryFile(this));
        }

        return file;
    }

    public void Replace(string source, string target)
    {
        Note("replace");
        _files[target] = _files[source];
        _files.Remove(source);
    }

    public void SyncName(string path)
    {
        Note("sync name");
        if (NameSyncFails)
        {
            throw new IOException("the directory is gone");
        }
    }

    public void Delete(string path) => _files.Remove(path);

    public void Note(string what)
    {
        lock (Happened)
        {
            Happened.Add(what);
        }
    }

    private sealed class MemoryFile(FaultyStorage storage) : IJournalFile
    {
        private byte[] _bytes = [];

        public byte[] Synced { get; private set; } = [];

        public long Length => _bytes.Length;

        public int Read(long offset, Span<byte> buffer)
        {
            var count = Math.Min(buffer.Length, _bytes.Length - (int)offset);
            _bytes.AsSpan((int)offset, count).CopyTo(buffer);
            return count;
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            storage.Note("write");
            var written = storage.DiskFull ? bytes[..(bytes.Length / 2)] : bytes;
            _bytes = [.. _bytes.AsSpan(0, (int)offset), .. written];
            if (storage.DiskFull)
            {
                throw new IOException("No space left on device");
            }
        }

        public void Sync()
        {
            storage.Note("sync");
            if (storage.SyncFails)
            {
                throw new IOException("fdatasync failed");
            }

            Synced = _bytes;
        }

        public void Truncate(long length) => _bytes = _bytes[..(int)length];

        public void Dispose()
        {
        }
    }
}
