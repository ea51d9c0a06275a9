namespace NetDeploy.Server.Storage;

/// <summary>What the journal needs of a file. Tests put one in between to see the order of writes, and to let them fail.</summary>
public interface IJournalFile : IDisposable
{
    long Length { get; }

    /// <summary>Fills the buffer from the offset; less where the file ends.</summary>
    int Read(long offset, Span<byte> buffer);

    /// <exception cref="IOException">The disk is full, or broken.</exception>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Returns when everything written is on the disk (<c>fdatasync</c>).</summary>
    /// <exception cref="IOException">It is not.</exception>
    void Sync();

    /// <exception cref="IOException">The length is unchanged.</exception>
    void Truncate(long length);
}

/// <summary>Where journals live.</summary>
public interface IJournalStorage
{
    /// <summary>Opens the file, made where missing, for this process alone.</summary>
    /// <exception cref="IOException">Another process has it, or the path is not ours.</exception>
    IJournalFile Open(string path);

    /// <summary>Puts one file in the place of another; durable only after <see cref="SyncName"/>. After a crash either is there, never none.</summary>
    void Replace(string source, string target);

    /// <summary>Makes durable which file the name stands for.</summary>
    /// <exception cref="IOException">It may not be.</exception>
    void SyncName(string path);

    void Delete(string path);
}
