using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Mirror;

/// <summary>
/// The files of one mirror: <see cref="MirrorRoom"/> says which, <see cref="MirrorFolder"/> has them on the disk. Nothing here is synced: a
/// file is read against its digest the first time after a start, and whenever its length or time changed, so what a power cut tore is
/// fetched again instead of being served.
/// </summary>
internal sealed class MirrorStore : IDisposable
{
    /// <summary>Stays free on the file system, for the server's own records: they stop below 128 MiB.</summary>
    public const long ReservedBytes = 256L << 20;

    /// <summary>What no index lists may take that part of the bound: a body without an end does not push out all that is kept.</summary>
    private const int UnlistedDivisor = 4;

    /// <summary>Files share the locks that order what is done to one of them on the disk.</summary>
    private const int Stripes = 64;

    private readonly MirrorFolder _folder;
    private readonly MirrorRoom _room;
    private readonly long _mostUnlisted;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _checking = new(2);

    /// <summary>Taken before the room's own lock, never within it.</summary>
    private readonly Lock[] _stripes = [.. Enumerable.Range(0, Stripes).Select(_ => new Lock())];

    private MirrorStore(MirrorFolder folder, long maxSize, long reserved, TimeProvider clock, ILogger logger)
    {
        _folder = folder;
        _room = new MirrorRoom(maxSize, reserved);
        _mostUnlisted = maxSize / UnlistedDivisor;
        _clock = clock;
        _logger = logger;

        // A start does not wait for thousands of small files; who asks for one does.
        Loaded = Task.Run(Load);
    }

    /// <summary>Ends when all that is on the disk is known: nothing is stored before.</summary>
    public Task Loaded { get; }

    /// <summary>For what the suites remember.</summary>
    public string Suites => _folder.Suites;

    public long Bytes => _room.Bytes;

    public int Count => _room.Count;

    /// <param name="upstream">What another one left in this folder is of no use, and is removed.</param>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public static MirrorStore Open(string folder, string upstream, long maxSize, TimeProvider clock, ILogger logger, long reserved = ReservedBytes) =>
        new(new MirrorFolder(Path.GetFullPath(folder), upstream, logger), maxSize, reserved, clock, logger);

    /// <inheritdoc cref="MirrorRoom.Pin"/>
    public void Pin(IEnumerable<string> inForce, IEnumerable<string> before) => _room.Pin(inForce, before);

    /// <inheritdoc cref="MirrorRoom.Share"/>
    public (long Indexes, long Bound) Share() => _room.Share(_folder.Free);

    public MirrorEntry? Find(string key) => _room.Find(key);

    /// <summary>The file, checked; null where there is none, or where it was damaged: then it is gone.</summary>
    public async Task<StoredFile?> OpenAsync(string key, CancellationToken cancellationToken)
    {
        await Loaded.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (Held(key) is not { } held)
        {
            return null;
        }

        var (kept, stream) = held;
        var file = new StoredFile(kept.Entry, stream, () => _room.Let(kept));
        var reason = "its bytes are not those that were stored";
        try
        {
            if (await IsWholeAsync(kept, file, cancellationToken).ConfigureAwait(false))
            {
                Used(kept);
                return file;
            }
        }
        catch (IOException e)
        {
            // A bad sector: what cannot be read is fetched again as what is damaged.
            reason = e.Message;
        }
        catch
        {
            file.Dispose();
            throw;
        }

        file.Dispose();
        Damaged(kept, reason);
        return null;
    }

    /// <summary>A place for a file that comes, or null where there is no room for it.</summary>
    /// <param name="length">Null: unknown, and asked for as it grows.</param>
    /// <param name="listed">An index or a Release tells its length.</param>
    public MirrorPart? Begin(string key, long? length, bool listed)
    {
        var most = listed ? long.MaxValue : _mostUnlisted;
        if (length > most || !TryReserve(key, length ?? 0))
        {
            return null;
        }

        try
        {
            return new MirrorPart(this, key, _folder.NextPart(), length, most);
        }
        catch (IOException e)
        {
            // The file system gave that room to someone else.
            Release(length ?? 0);
            MirrorLog.NoRoom(_logger, length ?? 0, e.Message);
            return null;
        }
    }

    /// <summary>Stores a small file that is in memory; false where there is no room.</summary>
    public async Task<bool> PutAsync(string key, ReadOnlyMemory<byte> content, bool confirmed, CancellationToken cancellationToken)
    {
        await Loaded.WaitAsync(cancellationToken).ConfigureAwait(false);
        using var part = Begin(key, content.Length, listed: true);
        if (part is null)
        {
            return false;
        }

        await part.WriteAsync(content, cancellationToken).ConfigureAwait(false);
        part.Complete(part.Digest(), Validators.None, confirmed);
        return true;
    }

    /// <summary>An index named this file's digest since.</summary>
    public void Confirm(string key)
    {
        lock (StripeOf(key))
        {
            if (_room.Confirm(key) is { } entry)
            {
                _folder.Describe(entry);
            }
        }
    }

    public void Drop(string key)
    {
        lock (StripeOf(key))
        {
            if (_room.Remove(key))
            {
                _folder.Delete(key);
            }
        }
    }

    /// <summary>Removes all that no one reads just now; returns how many bytes went.</summary>
    public async Task<long> ClearAsync(CancellationToken cancellationToken)
    {
        await Loaded.WaitAsync(cancellationToken).ConfigureAwait(false);
        var gone = _room.RemoveUnread();
        Delete(gone);
        return gone.Sum(g => g.Length);
    }

    public void Dispose() => _checking.Dispose();

    internal bool TryReserve(string key, long bytes)
    {
        while (true)
        {
            if (_room.TryReserve(key, bytes, _folder.Free, out var gone))
            {
                return true;
            }

            if (gone.Count == 0)
            {
                return false;
            }

            // The disk tells anew what that freed, and others may have taken it: each turn leaves fewer files, so this ends.
            Delete(gone);
            foreach (var entry in gone)
            {
                MirrorLog.Evicted(_logger, entry.Key, entry.Length);
            }
        }
    }

    internal void Release(long bytes) => _room.Release(bytes);

    /// <summary>The part takes its name; its reservation becomes the entry's.</summary>
    internal MirrorEntry Adopt(string part, MirrorEntry entry)
    {
        var now = _clock.GetUtcNow();
        entry = entry with { StoredAt = now.ToUnixTimeMilliseconds() };
        lock (StripeOf(entry.Key))
        {
            try
            {
                _folder.Adopt(part, entry);
            }
            catch
            {
                // The one before may have lost its file to it.
                _room.Remove(entry.Key);
                _folder.Delete(entry.Key);
                throw;
            }

            _room.Replace(new KeptFile(entry, now) { Seen = _folder.Stat(entry.Key) });
        }

        return entry;
    }

    private void Load()
    {
        foreach (var (entry, used) in _folder.Load())
        {
            _room.Add(entry, used);
        }
    }

    /// <summary>The file, open: nobody removes or exchanges it between the look and the opening.</summary>
    private (KeptFile Kept, FileStream Stream)? Held(string key)
    {
        lock (StripeOf(key))
        {
            if (_room.Hold(key) is not { } kept)
            {
                return null;
            }

            try
            {
                return (kept, _folder.Open(key));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _room.Let(kept);
                MirrorLog.Damaged(_logger, key, e.Message);
                _room.Remove(kept);
                _folder.Delete(key);
                return null;
            }
        }
    }

    private async Task<bool> IsWholeAsync(KeptFile kept, StoredFile file, CancellationToken cancellationToken)
    {
        var now = _folder.Stat(kept.Entry.Key);
        if (kept.Seen == now)
        {
            return true;
        }

        await _checking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(file.Stream, cancellationToken).ConfigureAwait(false));
            if (digest != kept.Entry.Sha256)
            {
                return false;
            }

            file.Stream.Position = 0;
            kept.Seen = now;
            return true;
        }
        finally
        {
            _checking.Release();
        }
    }

    private void Used(KeptFile kept)
    {
        var now = _clock.GetUtcNow();
        if (!_room.Use(kept, now))
        {
            return;
        }

        lock (StripeOf(kept.Entry.Key))
        {
            if (_room.Holds(kept))
            {
                _folder.NoteUse(kept.Entry.Key, now);
            }
        }
    }

    private void Damaged(KeptFile kept, string reason)
    {
        MirrorLog.Damaged(_logger, kept.Entry.Key, reason);
        lock (StripeOf(kept.Entry.Key))
        {
            if (_room.Remove(kept))
            {
                _folder.Delete(kept.Entry.Key);
            }
        }
    }

    /// <summary>Of what the room has given up; what came back under such a name meanwhile stays.</summary>
    private void Delete(IEnumerable<MirrorEntry> gone)
    {
        foreach (var entry in gone)
        {
            lock (StripeOf(entry.Key))
            {
                if (_room.Find(entry.Key) is null)
                {
                    _folder.Delete(entry.Key);
                }
            }
        }
    }

    private Lock StripeOf(string key) => _stripes[(uint)StringComparer.Ordinal.GetHashCode(key) % Stripes];
}
