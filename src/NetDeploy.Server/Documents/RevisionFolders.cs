using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Profiles;
using NetDeploy.Server.Linux;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Documents;

/// <summary>
/// The revisions on the disk: one folder each with the texts as they were applied, and a link to the one in force. A file that did not change is the
/// same file in both (a hard link): a folder of ten thousand machines costs one write for one changed profile.
/// </summary>
internal sealed class RevisionFolders(string folder, ILogger logger)
{
    /// <summary>Revisions kept behind the one in force, for people to look at and go back to.</summary>
    private const int Kept = 10;

    /// <summary>So many new files are synced one by one; for more, the whole file system at once is quicker.</summary>
    private const int FewFiles = 32;

    /// <summary>The kernel stamps files by the clock of its last tick (a hundred a second at least), which is behind the one that is read here.</summary>
    private static readonly TimeSpan ClockTick = TimeSpan.FromMilliseconds(10);

    /// <summary>What was written since by another hand is not what this process knows, and is not linked.</summary>
    private DateTime _known = DateTime.MaxValue;

    public string Folder => folder;

    public string FolderOf(long revision) => Path.Combine(folder, NameOf(revision));

    /// <summary>The revision in force; null before the first.</summary>
    /// <exception cref="ServerFault">The link is no link to a revision.</exception>
    public long? Current()
    {
        var target = CurrentLink.Read(folder);
        if (target is null && !Path.Exists(Path.Combine(folder, "current")))
        {
            return null;
        }

        return target is not null && NumberOf(target) is { } revision && Directory.Exists(Path.Combine(folder, target))
            ? revision
            : throw new ServerFault(
                $"{Path.Combine(folder, "current")} is no link to a revision beside it{(target is null ? "" : $": it says '{target}'")}.",
                $"Point it to one that is there: ln -sfn r000001 {Path.Combine(folder, "current")}; or remove it, and apply the documents again.");
    }

    /// <summary>The revisions that are there, newest first.</summary>
    public IEnumerable<long> All() =>
        Directory.EnumerateDirectories(folder, "r*").Select(d => NumberOf(Path.GetFileName(d))).OfType<long>().OrderDescending();

    /// <summary>
    /// Above all that are there, not above the one in force: the link may have been pointed back, and may be a revision further than this process
    /// where its last apply failed behind the turn.
    /// </summary>
    public long Next() => All().FirstOrDefault() + 1;

    /// <summary>Ordered by path.</summary>
    public ImmutableArray<SourceText> Read(long revision)
    {
        _known = DateTime.UtcNow;
        return ReadFolder(FolderOf(revision), "");
    }

    /// <summary>Every YAML file of a folder, ordered by path.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static ImmutableArray<SourceText> ReadFolder(string folder, string prefix, CancellationToken stop = default)
    {
        return
        [
            .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Where(f => Path.GetExtension(f) is ".yaml" or ".yml")
                .Select(Read)
                .OrderBy(t => t.Path, StringComparer.Ordinal),
        ];

        SourceText Read(string file)
        {
            stop.ThrowIfCancellationRequested();
            return new(string.Concat(prefix, file.AsSpan(folder.Length).TrimStart('/')), TextOf(file));
        }
    }

    /// <summary>A reader's buffers are ten times what such a file holds, and a start reads thousands: only a text that may begin with a byte order mark gets one.</summary>
    private static string TextOf(string file) =>
        File.ReadAllBytes(file) is [> 0 and < 0x80, ..] bytes ? Encoding.UTF8.GetString(bytes) : File.ReadAllText(file);

    /// <summary>Puts a revision in force. A kill at any moment leaves the one before it or this one.</summary>
    /// <param name="before">The revision in force, with its texts.</param>
    /// <param name="needed">Older revisions that something still refers to, however old they are.</param>
    public void Save(long revision, ImmutableArray<SourceText> texts, (long Revision, ImmutableArray<SourceText> Texts) before, IReadOnlySet<long> needed)
    {
        var part = FolderOf(revision) + ".part";
        try
        {
            // Left by a kill or by a full disk.
            if (Directory.Exists(part))
            {
                Directory.Delete(part, recursive: true);
            }

            Directory.CreateDirectory(part);
            Write(part, texts, before);
            Directory.Move(part, FolderOf(revision));
            Posix.SyncFolder(folder);
            CurrentLink.Turn(folder, NameOf(revision));
            _known = DateTime.UtcNow;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Also where it has its name and the link does not say it.
            foreach (var left in CurrentLink.Read(folder) == NameOf(revision) ? [part] : (string[])[part, FolderOf(revision)])
            {
                if (Directory.Exists(left))
                {
                    Directory.Delete(left, recursive: true);
                }
            }

            throw new ServerFault(
                $"The documents could not be stored in {folder}: {e.Message}",
                "Make room on that disk, or let the server's user write there, and apply again; the last revision keeps serving.", e);
        }

        foreach (var old in All().Skip(Kept + 1).Where(r => !needed.Contains(r)).ToList())
        {
            try
            {
                Directory.Delete(FolderOf(old), recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The new one is in force, whatever becomes of the old one; the next apply tries again.
                DocumentLog.RevisionStays(logger, FolderOf(old), e.Message);
            }
        }
    }

    /// <summary>What a kill left half written.</summary>
    public void Sweep()
    {
        foreach (var torn in Directory.EnumerateDirectories(folder, "*.part"))
        {
            Directory.Delete(torn, recursive: true);
        }
    }

    private void Write(string part, ImmutableArray<SourceText> texts, (long Revision, ImmutableArray<SourceText> Texts) before)
    {
        var known = before.Texts.ToDictionary(t => t.Path, t => t.Content, StringComparer.Ordinal);
        var folders = new HashSet<string>(StringComparer.Ordinal) { part };
        var written = new List<string>();
        foreach (var text in texts)
        {
            var path = Path.Combine(part, text.Path);
            for (var inner = Path.GetDirectoryName(path)!; folders.Add(inner); inner = Path.GetDirectoryName(inner)!)
            {
                Directory.CreateDirectory(inner);
            }

            var old = Path.Combine(FolderOf(before.Revision), text.Path);
            if (known.TryGetValue(text.Path, out var content) && content == text.Content && Holds(old, content) && Posix.TryLink(old, path))
            {
                continue;
            }

            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            file.Write(Encoding.UTF8.GetBytes(text.Content));
            written.Add(path);
            if (written.Count <= FewFiles)
            {
                file.Flush(flushToDisk: true);
            }
        }

        if (written.Count > FewFiles)
        {
            Posix.SyncFileSystem(part);
            return;
        }

        foreach (var inner in folders)
        {
            Posix.SyncFolder(inner);
        }
    }

    /// <summary>Whether the file has the text that it had: by its time, and where that is too close to tell, by itself.</summary>
    private bool Holds(string file, string content) => File.GetLastWriteTimeUtc(file) < _known - ClockTick || (File.Exists(file) && TextOf(file) == content);

    private static string NameOf(long revision) => string.Create(CultureInfo.InvariantCulture, $"r{revision:000000}");

    private static long? NumberOf(string name) =>
        name.StartsWith('r') && long.TryParse(name.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : null;
}
