using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Server.Documents;

/// <summary>The desired state in force: its texts and what they compile to. Read as a whole, swapped as a whole.</summary>
/// <param name="Revision">Counts the applied sets; 0 before the first.</param>
/// <param name="Applied">Ordered by path; without what comes with the server.</param>
public sealed record DesiredState(long Revision, ImmutableArray<SourceText> Applied, ImmutableArray<SourceText> Shipped, Snapshot Snapshot)
{
    public IEnumerable<SourceText> Texts => DocumentStore.Merge(Shipped, Applied);
}

/// <param name="State">The state in force afterwards: the new one, or the old one where the new one was refused.</param>
/// <param name="Candidate">What the documents compile to, in force or not; null where they do not compile.</param>
public sealed record ApplyOutcome(bool Accepted, DesiredState State, ImmutableArray<Diagnostic> Diagnostics, Snapshot? Candidate = null)
{
    /// <summary>The documents that this apply took away, or would where it is only a check.</summary>
    public ImmutableArray<DocumentPlace> Removed { get; init; } = [];
}

/// <summary>
/// Keeps the applied documents as text, one folder a revision, and a link to the one in force. A set that does not compile
/// is refused and the last good one keeps serving; a kill at any moment leaves the old revision or the new one.
/// </summary>
public sealed class DocumentStore
{
    /// <summary>Bytes of a file's name (NAME_MAX).</summary>
    private const int MaxName = 255;

    private readonly RevisionFolders _revisions;
    private readonly Lock _applying = new();
    private volatile DesiredState _current;

    private DocumentStore(RevisionFolders revisions, DesiredState current)
    {
        _revisions = revisions;
        _current = current;
        LastGood = new LastGoodRecipes(revisions.Folder);
        LastGood.Load(revisions.All().ToHashSet());
    }

    public DesiredState Current => _current;

    internal LastGoodRecipes LastGood { get; }

    /// <param name="shippedFolder">Distributions and profiles that come with the server: an applied file at the same path takes the place of the whole file.</param>
    /// <exception cref="ServerFault">The shipped or the stored documents do not compile.</exception>
    public static DocumentStore Open(string folder, string shippedFolder, ILogger? logger = null)
    {
        if (!Directory.Exists(shippedFolder))
        {
            throw new ServerFault($"There is no folder {shippedFolder} with the distributions and profiles.", "Name it in the configuration: profiles: DIR.");
        }

        Directory.CreateDirectory(folder);
        var revisions = new RevisionFolders(folder, logger ?? NullLogger.Instance);
        revisions.Sweep();
        var shipped = RevisionFolders.ReadFolder(shippedFolder, "shipped/");
        var revision = revisions.Current();
        var applied = revision is { } inForce ? revisions.Read(inForce) : [];
        var compiled = DocumentSet.Compile(Merge(shipped, applied));
        if (compiled.Value is null)
        {
            var first = compiled.Diagnostics.First(d => d.Severity == Severity.Error);
            throw new ServerFault(
                $"The documents in {folder} do not compile any more: {first}",
                $"Mend that file below {Path.Combine(folder, "current")}, or point the link 'current' to an older revision beside it.");
        }

        return new DocumentStore(revisions, new DesiredState(revision ?? 0, applied, shipped, compiled.Value));
    }

    /// <summary>The revisions on the disk, newest first.</summary>
    internal IEnumerable<long> Revisions() => _revisions.All();

    /// <summary>An older revision over what the server ships now; null where it does not compile, or an apply removed it meanwhile.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    internal Snapshot? Compile(long revision, CancellationToken stop = default)
    {
        var state = _current;
        try
        {
            return DocumentSet.Compile(Merge(state.Shipped, RevisionFolders.ReadFolder(_revisions.FolderOf(revision), "", stop)), state.Snapshot, stop).Value;
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>
    /// Keeps which revision each machine's recipe comes from. One that an apply removed since it was chosen is left out: from here on, applies keep
    /// those that are chosen, and the rendering of the newer documents looks again.
    /// </summary>
    /// <returns>What is kept.</returns>
    internal ImmutableSortedDictionary<string, long> Keep(ImmutableSortedDictionary<string, long> lastGood)
    {
        lock (_applying)
        {
            var there = _revisions.All().ToHashSet();
            var kept = lastGood.RemoveRange(lastGood.Where(g => !there.Contains(g.Value)).Select(g => g.Key));
            LastGood.Save(kept);
            return kept;
        }
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
            foreach (var kept in old.Applied)
            {
                // A text that did not change stays the one that is there: it is compared by reference from here on.
                if (applied.TryGetValue(kept.Path, out var given) ? given == kept : IsEnrolled(kept.Path) ? !taken.Contains(kept.Path) : !prune)
                {
                    applied[kept.Path] = kept;
                }
            }

            if (applied.Keys.FirstOrDefault(path => FoldersOf(path).Any(applied.ContainsKey)) is { } below)
            {
                return Refuse(old, $"'{below}' lies in a folder that is a file of this set.", "Rename one of the two, or apply with --prune.");
            }

            ImmutableArray<SourceText> all = [.. applied.Values.OrderBy(t => t.Path, StringComparer.Ordinal)];
            var compiled = DocumentSet.Compile(Merge(old.Shipped, all), old.Snapshot);
            var wrong = compiled.Value is { } good ? alsoCheck(good) : [];
            if (!prune)
            {
                wrong = Dropped(old, texts, all, compiled.Value).AddRange(wrong);
            }

            if (compiled.Value is null || wrong.Any(d => d.Severity == Severity.Error))
            {
                return new ApplyOutcome(false, old, compiled.Diagnostics.AddRange(wrong), compiled.Value);
            }

            var removed = prune ? Removed(old, compiled.Value) : [];
            if (checkOnly)
            {
                return new ApplyOutcome(false, old, compiled.Diagnostics.AddRange(wrong), compiled.Value) { Removed = removed };
            }

            if (all.SequenceEqual(old.Applied))
            {
                return new ApplyOutcome(true, old, compiled.Diagnostics.AddRange(wrong), compiled.Value);
            }

            return new ApplyOutcome(true, Put(old, all, compiled.Value), compiled.Diagnostics.AddRange(wrong), compiled.Value) { Removed = removed };
        }
    }

    /// <summary>Takes a stored text away; nothing where there is none at that path.</summary>
    /// <returns>The errors of what would be left, which then stays as it is; empty where it was taken away.</returns>
    public ImmutableArray<Diagnostic> Remove(string path)
    {
        lock (_applying)
        {
            var old = _current;
            var left = old.Applied.RemoveAll(t => t.Path == path);
            if (left.Length == old.Applied.Length)
            {
                return [];
            }

            var compiled = DocumentSet.Compile(Merge(old.Shipped, left), old.Snapshot);
            if (compiled.Value is null)
            {
                return [.. compiled.Diagnostics.Where(d => d.Severity == Severity.Error)];
            }

            Put(old, left, compiled.Value);
            return [];
        }
    }

    /// <summary>The server wrote it: an apply that holds it not says nothing of it, with --prune as little as without.</summary>
    public static bool IsEnrolled(string path) => path.StartsWith(MachineText.Folder, StringComparison.Ordinal);

    /// <summary>Where enrolment would have written the machines of these texts: a person's document of a machine takes the place of the server's.</summary>
    private static HashSet<string> MachinesOf(IReadOnlyCollection<SourceText> texts) =>
        [.. (DocumentSet.Places(texts.Where(t => !IsEnrolled(t.Path))) ?? []).Where(d => d.Kind == "Machine").Select(d => MachineText.PathOf(d.Name))];

    private DesiredState Put(DesiredState old, ImmutableArray<SourceText> applied, Snapshot compiled)
    {
        var revision = _revisions.Next();
        _revisions.Save(revision, applied, (old.Revision, old.Applied), LastGood.Revisions.Values.ToHashSet());
        return _current = new DesiredState(revision, applied, old.Shipped, compiled);
    }

    /// <summary>A shipped document is a default: the whole file goes where an applied file stands at the same path.</summary>
    internal static IEnumerable<SourceText> Merge(IEnumerable<SourceText> shipped, IReadOnlyCollection<SourceText> applied)
    {
        var overridden = applied.Select(t => "shipped/" + t.Path).ToHashSet(StringComparer.Ordinal);
        return shipped.Where(t => !overridden.Contains(t.Path)).Concat(applied);
    }

    /// <summary>Only a prune removes: a document whose file another one replaces must be somewhere in what is in force afterwards.</summary>
    private static ImmutableArray<Diagnostic> Dropped(DesiredState old, IReadOnlyCollection<SourceText> given, IReadOnlyCollection<SourceText> next, Snapshot? compiled)
    {
        var byPath = given.ToDictionary(t => t.Path, t => t.Content, StringComparer.Ordinal);
        var replaced = old.Applied.Where(o => byPath.TryGetValue(o.Path, out var content) && content != o.Content).Select(o => o.Path).ToHashSet(StringComparer.Ordinal);
        if (replaced.Count == 0 || (compiled?.Places ?? DocumentSet.Places(Merge(old.Shipped, next))) is not { } after)
        {
            return [];
        }

        var before = old.Snapshot.Places.Where(p => replaced.Contains(p.File));
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

    /// <summary>A document that another file holds now, or that the server ships, is still there.</summary>
    private static ImmutableArray<DocumentPlace> Removed(DesiredState old, Snapshot next)
    {
        var held = next.Places.Select(d => (d.Kind, d.Name)).ToHashSet();
        return [.. old.Snapshot.Places.Where(d => !held.Contains((d.Kind, d.Name))).OrderBy(d => d.Kind, StringComparer.Ordinal).ThenBy(d => d.Name, StringComparer.Ordinal)];
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
}
