using System.Collections.Immutable;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Images;

/// <summary>
/// Puts a built image in its place and removes images that nobody needs any more. Blob first, then index; when
/// removing, index first, then blob: an index entry never names a missing blob, whenever the process dies.
/// </summary>
/// <param name="keep">Images kept for a key, the current one included.</param>
/// <param name="checkpoint">Told the name of each durable step after it happened; tests stop there.</param>
internal sealed class ImagePublisher(ImageSpool spool, int keep, TimeProvider time, Action<string> checkpoint)
{
    /// <param name="output">The finished, synced file, on the spool's file system.</param>
    public ImageEntry Publish(string key, ImageBuildResult result, string output, string builder)
    {
        using var publishing = SpoolLock.Take(spool.PublishLock);
        Posix.ChangeMode(output, Posix.ReadableFile);
        File.Move(output, spool.BlobFile(result.Id), overwrite: true);
        Posix.SyncFolder(spool.BlobFolder);
        checkpoint("blob");

        var before = Read(key);
        var entry = Trim(new ImageEntry
        {
            Key = key,
            Generation = (before?.Generation ?? 0) + 1,
            Current = new(result.Id, result.Bytes, result.UnpackedBytes, time.GetUtcNow(), result.Packages),
            Earlier = before is null ? [] : [before.Current, .. before.Earlier],
            Builder = builder,
        });
        SpoolFile.Write(spool.ReadyFile(key), entry, ImageJson.Default.ImageEntry);
        checkpoint("index");
        RemoveUnused();
        return entry;
    }

    /// <summary>Drops earlier images beyond the limit that no deployment needs, and blobs that no index entry names.</summary>
    public void Prune()
    {
        using var publishing = SpoolLock.Take(spool.PublishLock);
        foreach (var key in ImageSpool.KeysIn(spool.ReadyFolder).ToArray())
        {
            if (Read(key) is { } entry && Trim(entry) is var trimmed && trimmed.Earlier.Length != entry.Earlier.Length)
            {
                SpoolFile.Write(spool.ReadyFile(key), trimmed, ImageJson.Default.ImageEntry);
                checkpoint("trimmed");
            }
        }

        RemoveUnused();
    }

    private void RemoveUnused()
    {
        // A damaged index entry throws here, before anything is removed: what it named is not known.
        var needed = Pins().ToHashSet();
        foreach (var entry in ImageSpool.KeysIn(spool.ReadyFolder).Select(Read).OfType<ImageEntry>())
        {
            needed.Add(entry.Id);
            needed.UnionWith(entry.Earlier.Select(earlier => earlier.Id));
        }

        foreach (var blob in Directory.EnumerateFiles(spool.BlobFolder).ToArray())
        {
            if (!needed.Contains(Path.GetFileName(blob).Replace(".tar.zst", "", StringComparison.Ordinal)))
            {
                File.Delete(blob);
                checkpoint("removed");
            }
        }

        Posix.SyncFolder(spool.BlobFolder);
    }

    private ImageEntry Trim(ImageEntry entry)
    {
        var pins = Pins();
        var others = entry.Earlier.DistinctBy(earlier => earlier.Id)
            .Where(earlier => earlier.Id != entry.Id && File.Exists(spool.BlobFile(earlier.Id)));
        return entry with
        {
            Earlier = [.. others.Where((earlier, index) => index < keep - 1 || pins.Contains(earlier.Id))],
        };
    }

    private ImageEntry? Read(string key) => SpoolFile.Read(spool.ReadyFile(key), ImageJson.Default.ImageEntry);

    private ImmutableSortedSet<string> Pins() => SpoolFile.Read(spool.PinFile, ImageJson.Default.ImagePins)?.Ids ?? [];
}
