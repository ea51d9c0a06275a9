using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Mirrors;

namespace NetDeploy.Server.Mirror;

/// <summary>What the stored <c>Packages</c> indexes say of files in the pool; each is read when the first such file is asked for.</summary>
internal sealed class MirrorIndexes(string mirror, MirrorSuites suites, MirrorStore store, TimeProvider clock, ILogger logger)
{
    /// <summary>Debian's largest is 50 MB unpacked; a small file that unpacks to more is none.</summary>
    private const long MaximumUnpacked = 256L << 20;

    /// <summary>What cannot be read, for want of xz or by a passing error of the disk, is tried again, but not for each file of the pool.</summary>
    private static readonly TimeSpan FailurePause = TimeSpan.FromMinutes(1);

    /// <summary>Lazy: many machines ask at once when they boot together, and one of them reads an index for all.</summary>
    private readonly ConcurrentDictionary<string, Lazy<Task<Reading>>> _read = new(StringComparer.Ordinal);

    /// <summary>Null: no index that is here lists it.</summary>
    public async Task<ListedFile?> FindAsync(string path, CancellationToken cancellationToken)
    {
        var folders = new HashSet<string>(StringComparer.Ordinal);
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (suite, generation) in suites.All)
        {
            foreach (var index in generation.Indexes)
            {
                if (store.Find(MirrorEntry.KeyOf(index.Sha256)) is null || !folders.Add($"{generation.Text.Generation} {suite} {index.Folder}"))
                {
                    continue;
                }

                used.Add(index.Sha256);
                var digests = await DigestsAsync(suite, index).WaitAsync(cancellationToken).ConfigureAwait(false);
                if (digests?.Find(path) is { } found)
                {
                    return found;
                }
            }
        }

        // What no generation lists any more has no use here either.
        foreach (var gone in _read.Keys.Where(k => !used.Contains(k)))
        {
            _read.TryRemove(gone, out _);
        }

        return null;
    }

    private async Task<PackageDigests?> DigestsAsync(string suite, PackagesIndex index)
    {
        var reading = _read.GetOrAdd(index.Sha256, _ => new(() => ReadAsync(suite, index.Name, index.Sha256)));
        var read = await reading.Value.ConfigureAwait(false);
        if (read.Digests is null && clock.GetUtcNow() >= read.RetryAt)
        {
            _read.TryRemove(new(index.Sha256, reading));
        }

        return read.Digests;
    }

    private async Task<Reading> ReadAsync(string suite, string name, string sha256)
    {
        try
        {
            using var file = await store.OpenAsync(MirrorEntry.KeyOf(sha256), CancellationToken.None).ConfigureAwait(false);
            // Damaged, and gone: it counts again as soon as it has been fetched again.
            return file is null ? new Reading(null, DateTimeOffset.MinValue) : new Reading(Path.GetExtension(name) switch
            {
                ".xz" => await UnpackedAsync(file.Stream.Name).ConfigureAwait(false),
                ".gz" => await PlainAsync(new GZipStream(file.Stream, CompressionMode.Decompress)).ConfigureAwait(false),
                _ => await PlainAsync(file.Stream).ConfigureAwait(false),
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or System.ComponentModel.Win32Exception)
        {
            MirrorLog.NoDigests(logger, mirror, $"dists/{suite}/{name}", e.Message);
            return new Reading(null, clock.GetUtcNow() + FailurePause);
        }
    }

    private static async Task<PackageDigests> PlainAsync(Stream stream)
    {
        using var reader = new StreamReader(new BoundedStream(stream, MaximumUnpacked), Encoding.UTF8);
        return await PackageDigests.ReadAsync(reader, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>.NET cannot read xz; its program is on every machine that builds images.</summary>
    private static async Task<PackageDigests> UnpackedAsync(string path)
    {
        using var xz = Process.Start(new ProcessStartInfo("xz", ["--decompress", "--stdout", "--format=xz", "--memlimit-decompress=128MiB", "--", path])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var complaint = xz.StandardError.ReadToEndAsync();
            var digests = await PlainAsync(xz.StandardOutput.BaseStream).ConfigureAwait(false);
            await xz.WaitForExitAsync().ConfigureAwait(false);
            return xz.ExitCode == 0 ? digests : throw new InvalidDataException($"xz: {(await complaint.ConfigureAwait(false)).Trim()}");
        }
        finally
        {
            if (!xz.HasExited)
            {
                xz.Kill();
            }
        }
    }

    /// <summary>What came of reading one index; without digests it is read again from <paramref name="RetryAt"/> on.</summary>
    private sealed record Reading(PackageDigests? Digests, DateTimeOffset RetryAt = default);
}
