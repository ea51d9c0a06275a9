namespace NetDeploy.Server.Storage;

/// <summary>The store's write-ahead journal, one record a commit: an append that returned is on the disk. The open file is the store's lock.</summary>
internal sealed class CommitJournal : IDisposable
{
    private const int MaxPayload = 16 << 20;

    private readonly Journal _journal;
    private readonly string _path;

    private CommitJournal(Journal journal, string path)
    {
        _journal = journal;
        _path = path;
    }

    /// <summary>Bytes that are durable.</summary>
    public long Length => _journal.Length;

    /// <param name="payloads">The whole records, in order.</param>
    /// <exception cref="StoreException">Another process has the store, or the journal is damaged.</exception>
    public static CommitJournal Open(string path, out List<byte[]> payloads)
    {
        var read = new List<byte[]>();
        payloads = read;
        try
        {
            return new CommitJournal(Journal.Open(path, record => read.Add(record.ToArray())), path);
        }
        catch (JournalDamagedException damage)
        {
            throw new StoreException(damage.Message, "Restore the data folder from a copy; or move the journal away, which loses the commits in it.", damage);
        }
        catch (IOException busy)
        {
            throw new StoreException(
                $"The store {path} cannot be opened: {busy.Message}", DiskJournalStorage.RemedyOf(busy), busy);
        }
    }

    /// <summary>Writes and syncs. After an exception nothing of it remains, unless the process dies before the next append: then it may be there whole.</summary>
    /// <exception cref="StoreException">The disk did not take it.</exception>
    public void Append(ReadOnlyMemory<byte> payload)
    {
        if (payload.Length > MaxPayload)
        {
            throw new StoreException($"A commit of {payload.Length} bytes is more than the journal takes.", "Apply less at once.");
        }

        try
        {
            _journal.Append([payload]);
        }
        catch (IOException failure)
        {
            throw new StoreException($"The store {_path} could not be written: {failure.Message}", "Make room on its disk if it is full: the server then goes on by itself.", failure);
        }
    }

    /// <summary>Forgets all records, once they are durable elsewhere.</summary>
    public void Clear() => _journal.Compact([]);

    public void Dispose() => _journal.Dispose();
}
