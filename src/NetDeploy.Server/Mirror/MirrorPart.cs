using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace NetDeploy.Server.Mirror;

/// <summary>A file that is on its way into the store. Whoever disposes it without <see cref="Complete"/> leaves nothing.</summary>
internal sealed class MirrorPart : IDisposable
{
    private readonly MirrorStore _store;
    private readonly string _key;
    private readonly string _path;
    private readonly long _most;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _reserved;
    private bool _adopted;

    /// <exception cref="IOException">No room: with a known length all of it is taken now, before a client is promised anything.</exception>
    public MirrorPart(MirrorStore store, string key, string path, long? length, long most)
    {
        _store = store;
        _key = key;
        _path = path;
        _most = most;
        try
        {
            Handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous, preallocationSize: length ?? 0);
        }
        catch
        {
            File.Delete(path);
            throw;
        }

        _reserved = length ?? 0;
    }

    /// <summary>Clients read through it while it is written; the caller of <see cref="Dispose"/> knows when the last one has.</summary>
    public SafeFileHandle Handle { get; }

    public long Written { get; private set; }

    /// <exception cref="IOException">The disk is full, or the mirror's bound is reached.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (Written + bytes.Length > _most)
        {
            throw new IOException($"it has more than the {_most} bytes that such a file may take");
        }

        var missing = Written + bytes.Length - _reserved;
        if (missing > 0)
        {
            if (!_store.TryReserve(_key, missing))
            {
                throw new IOException("no room is left for this mirror's files");
            }

            _reserved += missing;
        }

        await RandomAccess.WriteAsync(Handle, bytes, Written, cancellationToken).ConfigureAwait(false);
        _hash.AppendData(bytes.Span);
        Written += bytes.Length;
    }

    /// <summary>Of what was written so far; once.</summary>
    public string Digest() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public MirrorEntry Complete(string sha256, Validators validators, bool confirmed)
    {
        if (_reserved > Written)
        {
            _store.Release(_reserved - Written);
            _reserved = Written;
        }

        var entry = _store.Adopt(_path, new MirrorEntry(_key, sha256, Written, validators, 0, confirmed));
        _adopted = true;
        return entry;
    }

    public void Dispose()
    {
        Handle.Dispose();
        _hash.Dispose();
        if (!_adopted)
        {
            File.Delete(_path);
            _store.Release(_reserved);
        }
    }
}
