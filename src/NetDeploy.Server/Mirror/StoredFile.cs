namespace NetDeploy.Server.Mirror;

/// <summary>A whole file of the store, open; while it is, nothing evicts it.</summary>
internal sealed class StoredFile(MirrorEntry entry, FileStream stream, Action closed) : IDisposable
{
    private bool _disposed;

    public MirrorEntry Entry { get; } = entry;

    public FileStream Stream { get; } = stream;

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Stream.Dispose();
            closed();
        }
    }
}
