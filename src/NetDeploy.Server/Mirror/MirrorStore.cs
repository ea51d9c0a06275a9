using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Mirror;

/// <summary>
/// The files of one mirror on the disk: each with a <c>.json</c> that holds its length and digest. A file is whole or absent: it is
/// written aside and renamed, its <c>.json</c> last. Nothing here is synced: a file is read against its digest the first time after a
/// start, and whenever its length or time changed, so what a power cut tore is fetched again instead of being served.
/// </summary>
internal sealed class MirrorStore : IDisposable
{
    /// <summary>Stays free on the file system, for the server's own records: they stop below 128 MiB.</summary>
    public const long ReservedBytes = 256L << 20;

    private const string Meta = ".json";
    private static readonly TimeSpan UseNoted = TimeSpan.FromMinutes(1);

    private readonly string _files;
    private readonly string _parts;
    private readonly long _maxSize;
    private readonly long _reserved;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Kept> _kept = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _checking = new(2);
    private FrozenSet<string> _pinned = FrozenSet<string>.Empty;
    private long _total;
    private int _partNumber;

    private MirrorStore(string folder, string upstream, long maxSize, long reserved, TimeProvider clock, ILogger logger)
    {
        _files = Path.Combine(folder, "files");
        _parts = Path.Combine(folder, "parts");
        Suites = Path.Combine(folder, "suites");
        _maxSize = maxSize;
        _reserved = reserved;
        _clock = clock;
        _logger = logger;
        ForgetOtherUpstream(folder, upstream);
        Directory.CreateDirectory(_files);
        Directory.CreateDirectory(_parts);
        Directory.CreateDirectory(Suites);
        foreach (var torn in Directory.EnumerateFiles(_parts))
        {
            File.Delete(torn);
        }

        // A start does not wait for thousands of small files; who asks for one does.
        Loaded = Task.Run(Load);
    }

    /// <summary>Ends when all that is on the disk is known: nothing is stored before.</summary>
    public Task Loaded { get; }

    /// <summary>For what the suites remember.</summary>
    public string Suites { get; }

    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _total;
            }
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _kept.Count;
            }
        }
    }

    /// <param name="upstream">What another one left in this folder is of no use, and is removed.</param>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public static MirrorStore Open(string folder, string upstream, long maxSize, TimeProvider clock, ILogger logger, long reserved = ReservedBytes) =>
        new(Path.GetFullPath(folder), upstream, maxSize, reserved, clock, logger);

    /// <summary>Names the files that stay, whatever room others take.</summary>
    public void Pin(IEnumerable<string> keys) => _pinned = keys.ToFrozenSet(StringComparer.Ordinal);

    public MirrorEntry? Find(string key)
    {
        lock (_lock)
        {
            return _kept.TryGetValue(key, out var kept) ? kept.Entry : null;
        }
    }

    /// <summary>The file, checked; null where there is none, or where it was damaged: then it is gone.</summary>
    public async Task<StoredFile?> OpenAsync(string key, CancellationToken cancellationToken)
    {
        await Loaded.WaitAsync(cancellationToken).ConfigureAwait(false);
        Kept? kept;
        FileStream stream;
        lock (_lock)
        {
            if (!_kept.TryGetValue(key, out kept))
            {
                return null;
            }

            try
            {
                stream = new FileStream(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
            }
            catch (IOException e)
            {
                MirrorLog.Damaged(_logger, key, e.Message);
                Remove(kept);
                return null;
            }

            kept.Readers++;
        }

        var file = new StoredFile(kept.Entry, stream, () => Closed(kept));
        try
        {
            if (await IsWholeAsync(kept, file, cancellationToken).ConfigureAwait(false))
            {
                Used(kept);
                return file;
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        file.Dispose();
        MirrorLog.Damaged(_logger, key, "its bytes are not those that were stored");
        lock (_lock)
        {
            if (_kept.GetValueOrDefault(key) == kept)
            {
                Remove(kept);
            }
        }

        return null;
    }

    /// <summary>A place for a file that comes, or null where there is no room for it.</summary>
    /// <param name="length">Null: unknown, and asked for as it grows.</param>
    public MirrorPart? Begin(long? length)
    {
        if (!TryReserve(length ?? 0))
        {
            return null;
        }

        try
        {
            var path = Path.Combine(_parts, Interlocked.Increment(ref _partNumber).ToString(System.Globalization.CultureInfo.InvariantCulture));
            return new MirrorPart(this, path, length);
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
        using var part = Begin(content.Length);
        if (part is null)
        {
            return false;
        }

        await part.WriteAsync(content, cancellationToken).ConfigureAwait(false);
        part.Complete(key, part.Digest(), Validators.None, confirmed);
        return true;
    }

    /// <summary>An index named this file's digest since.</summary>
    public void Confirm(string key)
    {
        lock (_lock)
        {
            if (_kept.TryGetValue(key, out var kept) && !kept.Entry.Confirmed)
            {
                kept.Entry = kept.Entry with { Confirmed = true };
                WriteMeta(kept.Entry);
            }
        }
    }

    public void Drop(string key)
    {
        lock (_lock)
        {
            if (_kept.TryGetValue(key, out var kept))
            {
                Remove(kept);
            }
        }
    }

    /// <summary>Removes all that no one reads just now; returns how many bytes went.</summary>
    public async Task<long> ClearAsync(CancellationToken cancellationToken)
    {
        await Loaded.WaitAsync(cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            var before = _total;
            foreach (var kept in _kept.Values.Where(k => k.Readers == 0).ToList())
            {
                Remove(kept);
            }

            return before - _total;
        }
    }

    public void Dispose() => _checking.Dispose();

    internal bool TryReserve(long bytes)
    {
        lock (_lock)
        {
            long Available() => new DriveInfo(_files).AvailableFreeSpace;
            bool Fits() => _total + bytes <= _maxSize && Available() - bytes >= _reserved;
            if (!Fits())
            {
                // Longest unused first. What is being served stays, and so does what the suites in force are made of.
                var free = new Queue<Kept>(_kept.Values.Where(k => k.Readers == 0 && !_pinned.Contains(k.Entry.Key)).OrderBy(k => k.Used));
                var most = free.Sum(k => k.Entry.Length);
                if (_total - most + bytes > _maxSize || Available() + most - bytes < _reserved)
                {
                    // Nothing goes for what does not fit even then.
                    return false;
                }

                while (!Fits())
                {
                    if (!free.TryDequeue(out var oldest))
                    {
                        return false;
                    }

                    Remove(oldest);
                    MirrorLog.Evicted(_logger, oldest.Entry.Key, oldest.Entry.Length);
                }
            }

            _total += bytes;
            return true;
        }
    }

    internal void Release(long bytes)
    {
        lock (_lock)
        {
            _total -= bytes;
        }
    }

    /// <summary>The part takes its name; its reservation becomes the entry's.</summary>
    internal MirrorEntry Adopt(string part, MirrorEntry entry)
    {
        entry = entry with { StoredAt = _clock.GetUtcNow().ToUnixTimeMilliseconds() };
        var path = PathOf(entry.Key);
        lock (_lock)
        {
            if (_kept.Remove(entry.Key, out var old))
            {
                _total -= old.Entry.Length;
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            Posix.Rename(part, path);
            try
            {
                WriteMeta(entry);
            }
            catch
            {
                File.Delete(path);
                throw;
            }

            _kept[entry.Key] = new Kept(entry) { Used = _clock.GetUtcNow(), Seen = Stat(path) };
        }

        return entry;
    }

    private static void ForgetOtherUpstream(string folder, string upstream)
    {
        var note = Path.Combine(folder, "upstream");
        Directory.CreateDirectory(folder);
        if (File.Exists(note) && File.ReadAllText(note) == upstream)
        {
            return;
        }

        foreach (var part in (string[])["files", "parts", "suites"])
        {
            if (Directory.Exists(Path.Combine(folder, part)))
            {
                Directory.Delete(Path.Combine(folder, part), recursive: true);
            }
        }

        File.WriteAllText(note, upstream);
    }

    /// <summary>What is not whole by its length, or has lost its other half, goes. Digests wait until a file is asked for.</summary>
    private void Load()
    {
        foreach (var file in new DirectoryInfo(_files).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            if (!file.Name.EndsWith(Meta, StringComparison.Ordinal))
            {
                if (!File.Exists(file.FullName + Meta))
                {
                    TryDelete(file.FullName);
                }

                continue;
            }

            var content = file.FullName[..^Meta.Length];
            if (Read(file) is { } entry && PathOf(entry.Key) == content && File.Exists(content) && new FileInfo(content).Length == entry.Length)
            {
                lock (_lock)
                {
                    _kept[entry.Key] = new Kept(entry) { Used = file.LastWriteTimeUtc, Noted = file.LastWriteTimeUtc };
                    _total += entry.Length;
                }
            }
            else
            {
                TryDelete(file.FullName);
                TryDelete(content);
            }
        }
    }

    /// <summary>What cannot even be removed is as good as absent: no entry leads to it.</summary>
    private void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            MirrorLog.Damaged(_logger, path, e.Message);
        }
    }

    private MirrorEntry? Read(FileInfo file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(file.FullName), MirrorJson.Default.MirrorEntry);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            MirrorLog.Damaged(_logger, file.FullName, e.Message);
            return null;
        }
    }

    private async Task<bool> IsWholeAsync(Kept kept, StoredFile file, CancellationToken cancellationToken)
    {
        var now = Stat(PathOf(kept.Entry.Key));
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

    /// <summary>The order of use outlives a restart, by the time of the <c>.json</c>.</summary>
    private void Used(Kept kept)
    {
        var now = _clock.GetUtcNow();
        lock (_lock)
        {
            kept.Used = now;
            if (now - kept.Noted > UseNoted && _kept.GetValueOrDefault(kept.Entry.Key) == kept)
            {
                File.SetLastWriteTimeUtc(PathOf(kept.Entry.Key) + Meta, now.UtcDateTime);
                kept.Noted = now;
            }
        }
    }

    private void Closed(Kept kept)
    {
        lock (_lock)
        {
            kept.Readers--;
        }
    }

    /// <summary>The <c>.json</c> first: a file without one is nothing.</summary>
    private void Remove(Kept kept)
    {
        var path = PathOf(kept.Entry.Key);
        File.Delete(path + Meta);
        File.Delete(path);
        _kept.Remove(kept.Entry.Key);
        _total -= kept.Entry.Length;
    }

    private void WriteMeta(MirrorEntry entry)
    {
        var path = PathOf(entry.Key) + Meta;
        var beside = Path.Combine(_parts, Path.GetFileName(path));
        File.WriteAllText(beside, JsonSerializer.Serialize(entry, MirrorJson.Default.MirrorEntry));
        File.Move(beside, path, overwrite: true);
    }

    private string PathOf(string key)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        return Path.Combine(_files, name[..2], name);
    }

    private static (long Length, DateTime Written) Stat(string path) => new FileInfo(path) is { Exists: true } file ? (file.Length, file.LastWriteTimeUtc) : default;

    private sealed class Kept(MirrorEntry entry)
    {
        public MirrorEntry Entry { get; set; } = entry;

        public DateTimeOffset Used { get; set; }

        /// <summary>The last use that the disk knows of.</summary>
        public DateTimeOffset Noted { get; set; }

        public int Readers { get; set; }

        /// <summary>Length and time of the file when its digest was last found right; null: not since the start.</summary>
        public (long Length, DateTime Written)? Seen { get; set; }
    }
}
