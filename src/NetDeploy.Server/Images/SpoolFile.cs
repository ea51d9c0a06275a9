using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Images;

/// <summary>
/// Reads and writes the spool's small JSON files. A durable write is: a temporary file in the same folder, fsync,
/// rename, fsync of the folder. Whoever reads sees the old content or the new, after a crash too.
/// </summary>
internal static class SpoolFile
{
    /// <summary>Temporary files carry this mark, so that a sweep knows what a crash left.</summary>
    public const string TemporaryMark = ".tmp-";

    /// <summary>No file of the spool but logs and blobs is larger; a larger one is damaged or hostile.</summary>
    public const int MaximumBytes = 4 * 1024 * 1024;

    /// <summary>The value, or null when the file does not exist.</summary>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static T? Read<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        var handle = Posix.OpenFileNoFollow(path);
        if (handle is null)
        {
            return null;
        }

        using var file = new FileStream(handle, FileAccess.Read);
        if (!file.CanSeek)
        {
            throw Damaged(path, "it is no file", null);
        }

        if (file.Length > MaximumBytes)
        {
            throw Damaged(path, $"it has {file.Length} bytes, at most {MaximumBytes} are expected", null);
        }

        try
        {
            return JsonSerializer.Deserialize(file, type) ?? throw Damaged(path, "it holds null", null);
        }
        catch (JsonException e)
        {
            throw Damaged(path, e.Message, e);
        }
    }

    public static void Write<T>(string path, T value, JsonTypeInfo<T> type, bool durable = true)
    {
        var directory = Path.GetDirectoryName(path)!;
        var temporary = Path.Combine(directory, $".{Path.GetFileName(path)}{TemporaryMark}{Guid.NewGuid():N}");
        try
        {
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                // By its handle: another user may write this folder too, and put a link in the name's place.
                File.SetUnixFileMode(file.SafeFileHandle, Posix.ReadableFile);
                JsonSerializer.Serialize(file, value, type);
                file.Flush(flushToDisk: durable);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        if (durable)
        {
            Posix.SyncFolder(directory);
        }
    }

    public static void DeleteDurably(string path)
    {
        File.Delete(path);
        Posix.SyncFolder(Path.GetDirectoryName(path)!);
    }

    internal static InvalidDataException Damaged(string path, string why, Exception? inner) =>
        new($"{path} is damaged: {why.TrimEnd('.')}. Delete it; what it describes is built again on request.", inner);
}
