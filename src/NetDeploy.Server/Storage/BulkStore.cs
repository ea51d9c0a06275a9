using System.Security.Cryptography;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Storage;

/// <summary>Bounds of the bulk store.</summary>
public sealed record BulkLimits
{
    /// <summary>Of one file; what comes after it is refused.</summary>
    public long FileBytes { get; init; } = 4 << 20;

    /// <summary>Of all files together; the ones used longest ago go first. Pinned ones count, and never go: where they alone are more, the rest goes.</summary>
    public long TotalBytes { get; init; } = 1L << 30;

    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(90);
}

/// <summary>
/// Logs, pinned documents and rendered files, each named by its SHA-256 (lower-case hex) in one folder. Equal contents are one file.
/// A file is whole or absent: it is written aside, synced, then renamed.
/// </summary>
public sealed class BulkStore
{
    private readonly string _folder;
    private readonly BulkLimits _limits;
    private readonly TimeProvider _clock;
    private readonly Lock _sweep = new();
    private Func<ISet<string>> _pinned = () => new HashSet<string>();

    public BulkStore(string folder, BulkLimits? limits = null, TimeProvider? clock = null)
    {
        _folder = Path.GetFullPath(folder);
        _limits = limits ?? new BulkLimits();
        _clock = clock ?? TimeProvider.System;
        Directory.CreateDirectory(_folder);
        foreach (var torn in Directory.EnumerateFiles(_folder, "*.part"))
        {
            File.Delete(torn);
        }
    }

    /// <summary>Names the files that stay, whatever their age and the room that others take; asked when a sweep has something to remove.</summary>
    public void Pin(Func<ISet<string>> pinned)
    {
        lock (_sweep)
        {
            _pinned = pinned;
        }
    }

    /// <summary>Stores the bytes and returns their SHA-256.</summary>
    /// <exception cref="ArgumentException">More than <see cref="BulkLimits.FileBytes"/>.</exception>
    public async Task<string> AddAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        if (content.Length > _limits.FileBytes)
        {
            throw new ArgumentException($"{content.Length} bytes are more than the {_limits.FileBytes} a file may have.", nameof(content));
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(content.Span));
        var path = Path.Combine(_folder, hash);
        if (Used(path))
        {
            return hash;
        }

        var part = $"{path}.{Guid.NewGuid():n}.part";
        try
        {
            await using (var file = new FileStream(part, FileMode.CreateNew, FileAccess.Write))
            {
                await file.WriteAsync(content, cancellationToken).ConfigureAwait(false);
                file.Flush(flushToDisk: true);
            }

            File.SetLastWriteTimeUtc(part, _clock.GetUtcNow().UtcDateTime);
            File.Move(part, path, overwrite: true);
            Posix.SyncFolder(_folder);
        }
        finally
        {
            File.Delete(part);
        }

        Sweep(keep: hash);
        return hash;
    }

    /// <summary>The file, or null where retention removed it or it never was.</summary>
    public Stream? Open(string hash)
    {
        if (hash.Length != 64 || !hash.All(char.IsAsciiHexDigitLower))
        {
            return null;
        }

        try
        {
            return new FileStream(Path.Combine(_folder, hash), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>True where the file is there; it counts as new then. Under the lock: a sweep that chose it for its age must not take it behind our back.</summary>
    private bool Used(string path)
    {
        lock (_sweep)
        {
            if (!File.Exists(path))
            {
                return false;
            }

            File.SetLastWriteTimeUtc(path, _clock.GetUtcNow().UtcDateTime);
            return true;
        }
    }

    /// <summary>Applies retention and the total bound; returns how many files went.</summary>
    public int Sweep(string? keep = null)
    {
        lock (_sweep)
        {
            var oldest = _clock.GetUtcNow().UtcDateTime - _limits.Retention;
            var files = new DirectoryInfo(_folder).EnumerateFiles().Where(f => f.Name.Length == 64).ToList();
            if (files.Sum(f => f.Length) <= _limits.TotalBytes && !files.Exists(f => f.LastWriteTimeUtc < oldest))
            {
                return 0;
            }

            var pinned = _pinned();
            bool Stays(FileInfo file) => file.Name == keep || pinned.Contains(file.Name);
            long total = 0;
            var removed = 0;
            foreach (var file in files.OrderByDescending(Stays).ThenByDescending(f => f.LastWriteTimeUtc))
            {
                var length = file.Length;
                total += length;
                if (!Stays(file) && (file.LastWriteTimeUtc < oldest || total > _limits.TotalBytes))
                {
                    file.Delete();
                    total -= length;
                    removed++;
                }
            }

            return removed;
        }
    }
}
