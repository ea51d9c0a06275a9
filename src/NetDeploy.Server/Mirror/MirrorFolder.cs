using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Mirror;

/// <summary>
/// One mirror's files as they lie on the disk: each with a <c>.json</c> that holds its length and digest. A file is whole or absent: it
/// is written aside and renamed, its <c>.json</c> last. Knows of no lock: who uses it sees to it that one file is changed by one at a time.
/// </summary>
internal sealed class MirrorFolder
{
    private const string Meta = ".json";

    private readonly string _files;
    private readonly string _parts;
    private readonly ILogger _logger;
    private int _partNumber;

    /// <param name="upstream">What another one left in this folder is of no use, and is removed.</param>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public MirrorFolder(string folder, string upstream, ILogger logger)
    {
        _files = Path.Combine(folder, "files");
        _parts = Path.Combine(folder, "parts");
        Suites = Path.Combine(folder, "suites");
        _logger = logger;
        ForgetOtherUpstream(folder, upstream);
        Directory.CreateDirectory(_files);
        Directory.CreateDirectory(_parts);
        Directory.CreateDirectory(Suites);
        foreach (var torn in Directory.EnumerateFiles(_parts))
        {
            File.Delete(torn);
        }
    }

    /// <summary>For what the suites remember.</summary>
    public string Suites { get; }

    /// <summary>Bytes that the file system has left.</summary>
    public long Free => new DriveInfo(_files).AvailableFreeSpace;

    /// <summary>A name for a file that comes.</summary>
    public string NextPart() => Path.Combine(_parts, Interlocked.Increment(ref _partNumber).ToString(CultureInfo.InvariantCulture));

    /// <summary>What is there, and when it was used last. What is not whole by its length, or has lost its other half, goes; digests wait until a file is asked for.</summary>
    public IEnumerable<(MirrorEntry Entry, DateTimeOffset Used)> Load()
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
                yield return (entry, file.LastWriteTimeUtc);
            }
            else
            {
                TryDelete(file.FullName);
                TryDelete(content);
            }
        }
    }

    /// <exception cref="IOException">It is gone, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Others may read it, but not the server.</exception>
    public FileStream Open(string key) =>
        new(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);

    /// <summary>A part takes its name. Where that fails, nothing under that name can be relied on.</summary>
    public void Adopt(string part, MirrorEntry entry)
    {
        var path = PathOf(entry.Key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Posix.Rename(part, path);
        Describe(entry);
    }

    /// <summary>Writes the <c>.json</c>, at once or not at all.</summary>
    public void Describe(MirrorEntry entry)
    {
        var path = PathOf(entry.Key) + Meta;
        var beside = Path.Combine(_parts, Path.GetFileName(path));
        File.WriteAllText(beside, JsonSerializer.Serialize(entry, MirrorJson.Default.MirrorEntry));
        File.Move(beside, path, overwrite: true);
    }

    /// <summary>The <c>.json</c> first: a file without one is nothing.</summary>
    public void Delete(string key)
    {
        var path = PathOf(key);
        TryDelete(path + Meta);
        TryDelete(path);
    }

    /// <summary>The order of use outlives a restart, by the time of the <c>.json</c>.</summary>
    public void NoteUse(string key, DateTimeOffset at) => File.SetLastWriteTimeUtc(PathOf(key) + Meta, at.UtcDateTime);

    /// <summary>Changes with the file's bytes.</summary>
    public (long Length, DateTime Written) Stat(string key) => new FileInfo(PathOf(key)) is { Exists: true } file ? (file.Length, file.LastWriteTimeUtc) : default;

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

    /// <summary>What cannot be removed is as good as absent, as nothing leads to it, but takes room until the next start.</summary>
    private void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            MirrorLog.NotRemoved(_logger, path, e.Message);
        }
    }

    private string PathOf(string key)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        return Path.Combine(_files, name[..2], name);
    }
}
