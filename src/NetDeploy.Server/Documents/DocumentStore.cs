using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Profiles;
using NetDeploy.Server.Linux;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Documents;

/// <summary>The desired state in force: its texts and what they compile to. Read as a whole, swapped as a whole.</summary>
/// <param name="Revision">Counts the applied sets; 0 before the first.</param>
/// <param name="Applied">Ordered by path; without what comes with the server.</param>
public sealed record DesiredState(long Revision, ImmutableArray<SourceText> Applied, ImmutableArray<SourceText> Shipped, Snapshot Snapshot)
{
    public IEnumerable<SourceText> Texts => DocumentStore.Merge(Shipped, Applied);
}

/// <param name="State">The state in force afterwards: the new one, or the old one where the new one was refused.</param>
public sealed record ApplyOutcome(bool Accepted, DesiredState State, ImmutableArray<Diagnostic> Diagnostics);

/// <summary>
/// Keeps the applied documents as text, one folder a revision, and a link to the one in force. A set that does not compile
/// is refused and the last good one keeps serving; a kill at any moment leaves the old revision or the new one.
/// </summary>
public sealed class DocumentStore
{
    /// <summary>Revisions kept behind the one in force, for people to look at and go back to.</summary>
    private const int Kept = 10;

    /// <summary>Bytes of a file's name (NAME_MAX).</summary>
    private const int MaxName = 255;

    private readonly string _folder;
    private readonly Lock _applying = new();
    private volatile DesiredState _current;

    private DocumentStore(string folder, DesiredState current)
    {
        _folder = folder;
        _current = current;
    }

    public DesiredState Current => _current;

    /// <param name="shippedFolder">Distributions and profiles that come with the server: an applied file at the same path takes the place of the whole file.</param>
    /// <exception cref="ServerFault">The shipped or the stored documents do not compile.</exception>
    public static DocumentStore Open(string folder, string shippedFolder)
    {
        if (!Directory.Exists(shippedFolder))
        {
            throw new ServerFault($"There is no folder {shippedFolder} with the distributions and profiles.", "Name it in the configuration: profiles: DIR.");
        }

        Directory.CreateDirectory(folder);
        foreach (var torn in Directory.EnumerateDirectories(folder, "*.part"))
        {
            Directory.Delete(torn, recursive: true);
        }

        var shipped = Read(shippedFolder, "shipped/");
        var target = CurrentLink.Read(folder);
        long revision = 0;
        if (target is null ? Path.Exists(Path.Combine(folder, "current"))
            : !target.StartsWith('r') || !long.TryParse(target.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out revision) || !Directory.Exists(Path.Combine(folder, target)))
        {
            throw new ServerFault(
                $"{Path.Combine(folder, "current")} is no link to a revision beside it{(target is null ? "" : $": it says '{target}'")}.",
                $"Point it to one that is there: ln -sfn r000001 {Path.Combine(folder, "current")}; or remove it, and apply the documents again.");
        }

        var applied = target is null ? [] : Read(Path.Combine(folder, target), "");
        var compiled = DocumentSet.Parse(Merge(shipped, applied));
        if (compiled.Value is null)
        {
            var first = compiled.Diagnostics.First(d => d.Severity == Severity.Error);
            throw new ServerFault(
                $"The documents in {folder} do not compile any more: {first}",
                $"Mend that file below {Path.Combine(folder, "current")}, or point the link 'current' to an older revision beside it.");
        }

        return new DocumentStore(folder, new DesiredState(revision, applied, shipped, compiled.Value));
    }

    /// <summary>Compiles the stored texts with these among them, and puts the result in force unless there is an error.</summary>
    /// <param name="basedOn">The revision they were made from; null: any.</param>
    /// <param name="prune">Drop the stored texts that are not among these.</param>
    /// <param name="alsoCheck">What the compiler cannot know, such as the interfaces of this server.</param>
    public ApplyOutcome Apply(
        IReadOnlyCollection<SourceText> texts, long? basedOn, bool prune, bool checkOnly, Func<Snapshot, ImmutableArray<Diagnostic>> alsoCheck)
    {
        lock (_applying)
        {
            var old = _current;
            if (basedOn is { } wanted && wanted != old.Revision)
            {
                return Refuse(old, $"the documents are at revision {old.Revision}, these were made from {wanted}.", "Read what changed, merge, and apply again with the new revision.");
            }

            if (texts.FirstOrDefault(t => !IsRelative(t.Path)) is { } outside)
            {
                return Refuse(old, $"'{outside.Path}' is no relative path of a YAML file.", "Apply a folder, or one .yaml file.");
            }

            if (texts.GroupBy(t => t.Path, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            {
                return Refuse(old, $"'{twice.Key}' was given twice.", "Send each file once.");
            }

            var applied = texts.ToDictionary(t => t.Path, StringComparer.Ordinal);
            var taken = MachinesOf(texts);
            foreach (var kept in old.Applied.Where(t => IsEnrolled(t.Path) ? !taken.Contains(t.Path) : !prune))
            {
                applied.TryAdd(kept.Path, kept);
            }

            if (applied.Keys.FirstOrDefault(path => FoldersOf(path).Any(applied.ContainsKey)) is { } below)
            {
                return Refuse(old, $"'{below}' lies in a folder that is a file of this set.", "Rename one of the two, or apply with --prune.");
            }

            ImmutableArray<SourceText> all = [.. applied.Values.OrderBy(t => t.Path, StringComparer.Ordinal)];
            var compiled = DocumentSet.Parse(Merge(old.Shipped, all));
            var wrong = compiled.Value is { } good ? alsoCheck(good) : [];
            if (!prune)
            {
                wrong = Dropped(old, texts, all).AddRange(wrong);
            }

            if (compiled.Value is null || checkOnly || wrong.Any(d => d.Severity == Severity.Error))
            {
                return new ApplyOutcome(false, old, compiled.Diagnostics.AddRange(wrong));
            }

            if (all.SequenceEqual(old.Applied))
            {
                return new ApplyOutcome(true, old, compiled.Diagnostics.AddRange(wrong));
            }

            return new ApplyOutcome(true, Put(old, all, compiled.Value), compiled.Diagnostics.AddRange(wrong));
        }
    }

    /// <summary>Takes a stored text away; nothing where there is none at that path.</summary>
    public void Remove(string path)
    {
        lock (_applying)
        {
            var old = _current;
            var left = old.Applied.RemoveAll(t => t.Path == path);
            if (left.Length < old.Applied.Length && DocumentSet.Parse(Merge(old.Shipped, left)).Value is { } compiled)
            {
                Put(old, left, compiled);
            }
        }
    }

    /// <summary>The server wrote it: an apply that holds it not says nothing of it, with --prune as little as without.</summary>
    public static bool IsEnrolled(string path) => path.StartsWith(MachineText.Folder, StringComparison.Ordinal);

    /// <summary>Where enrolment would have written the machines of these texts: a person's document of a machine takes the place of the server's.</summary>
    private static HashSet<string> MachinesOf(IReadOnlyCollection<SourceText> texts) =>
        [.. (DocumentSet.Places(texts.Where(t => !IsEnrolled(t.Path))) ?? []).Where(d => d.Kind == "Machine").Select(d => MachineText.PathOf(d.Name))];

    private DesiredState Put(DesiredState old, ImmutableArray<SourceText> applied, Snapshot compiled)
    {
        var revision = old.Revision + 1;
        Save(revision, applied);
        return _current = new DesiredState(revision, applied, old.Shipped, compiled);
    }

    /// <summary>A shipped document is a default: the whole file goes where an applied file stands at the same path.</summary>
    internal static IEnumerable<SourceText> Merge(IEnumerable<SourceText> shipped, IReadOnlyCollection<SourceText> applied)
    {
        var overridden = applied.Select(t => "shipped/" + t.Path).ToHashSet(StringComparer.Ordinal);
        return shipped.Where(t => !overridden.Contains(t.Path)).Concat(applied);
    }

    /// <summary>Only a prune removes: a document whose file another one replaces must be somewhere in what is in force afterwards.</summary>
    private static ImmutableArray<Diagnostic> Dropped(DesiredState old, IReadOnlyCollection<SourceText> given, IReadOnlyCollection<SourceText> next)
    {
        var replaced = old.Applied.Where(o => given.Any(t => t.Path == o.Path && t.Content != o.Content)).ToArray();
        if (replaced.Length == 0 || DocumentSet.Places(replaced) is not { } before || DocumentSet.Places(Merge(old.Shipped, next)) is not { } after)
        {
            return [];
        }

        var held = after.Select(d => (d.Kind, d.Name)).ToHashSet();
        return
        [
            .. from d in before
               where !held.Contains((d.Kind, d.Name))
               select new Diagnostic(
                   Severity.Error, d.File, d.Line, d.Column, "",
                   $"the stored file holds {d.Kind} '{d.Name}', which this apply would remove.",
                   $"Give your file another name than {d.File}, keep the document in it, or apply the whole folder with --prune to remove it."),
        ];
    }

    private static ApplyOutcome Refuse(DesiredState state, string message, string remedy) =>
        new(false, state, [new Diagnostic(Severity.Error, "", 0, 0, "", message, remedy)]);

    private static bool IsRelative(string path) =>
        path.Length is > 0 and <= 200
        && Path.GetExtension(path) is ".yaml" or ".yml"
        && !Path.IsPathRooted(path)
        && !path.Contains('\\', StringComparison.Ordinal)
        && path.Split('/').All(part => part is not ("" or "." or "..") && !part.Any(char.IsControl) && Encoding.UTF8.GetByteCount(part) <= MaxName);

    /// <summary>The folders of a relative path, innermost first.</summary>
    private static IEnumerable<string> FoldersOf(string path)
    {
        for (var at = path.LastIndexOf('/'); at > 0; at = path.LastIndexOf('/', at - 1))
        {
            yield return path[..at];
        }
    }

    private static ImmutableArray<SourceText> Read(string folder, string prefix) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f) is ".yaml" or ".yml")
            .Select(f => new SourceText(prefix + Path.GetRelativePath(folder, f), File.ReadAllText(f)))
            .OrderBy(t => t.Path, StringComparer.Ordinal),
    ];

    private void Save(long revision, ImmutableArray<SourceText> texts)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"r{revision:000000}");
        var part = Path.Combine(_folder, name + ".part");
        var final = Path.Combine(_folder, name);
        try
        {
            // Left by a kill between the rename of the folder and that of the link, or by a full disk: it was never in force.
            foreach (var left in (string[])[final, part])
            {
                if (Directory.Exists(left))
                {
                    Directory.Delete(left, recursive: true);
                }
            }

            Directory.CreateDirectory(part);
            foreach (var text in texts)
            {
                var path = Path.Combine(part, text.Path);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
                file.Write(Encoding.UTF8.GetBytes(text.Content));
                file.Flush(flushToDisk: true);
            }

            foreach (var inner in Directory.EnumerateDirectories(part, "*", SearchOption.AllDirectories).Append(part))
            {
                Posix.SyncFolder(inner);
            }

            Directory.Move(part, final);
            Posix.SyncFolder(_folder);
            CurrentLink.Turn(_folder, name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (Directory.Exists(part))
            {
                Directory.Delete(part, recursive: true);
            }

            throw new ServerFault(
                $"The documents could not be stored in {_folder}: {e.Message}",
                "Make room on that disk, or let the server's user write there, and apply again; the last revision keeps serving.", e);
        }

        foreach (var old in Directory.EnumerateDirectories(_folder, "r*").Where(d => !d.EndsWith(".part", StringComparison.Ordinal)).Order(StringComparer.Ordinal).SkipLast(Kept + 1))
        {
            Directory.Delete(old, recursive: true);
        }
    }
}
