using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Documents;

/// <summary>
/// For each machine that does not render now: the newest revision in which it did. A file beside the revisions, a line a machine, so that it holds after
/// a restart; a revision that it names is kept however old it is.
/// </summary>
internal sealed class LastGoodRecipes(string folder)
{
    private readonly string _path = Path.Combine(folder, "last-good");
    private ImmutableSortedDictionary<string, long> _revisions = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>By machine.</summary>
    public ImmutableSortedDictionary<string, long> Revisions => Volatile.Read(ref _revisions);

    /// <summary>Lines that name no revision which is there say nothing, and go with the next write.</summary>
    public void Load(IReadOnlySet<long> there)
    {
        if (!File.Exists(_path))
        {
            return;
        }

        var read = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(_path))
        {
            if (line.Split(' ') is [var machine, var number] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var revision) && there.Contains(revision))
            {
                read[machine] = revision;
            }
        }

        Volatile.Write(ref _revisions, read.ToImmutable());
    }

    /// <summary>Durable when it returns.</summary>
    public void Save(ImmutableSortedDictionary<string, long> revisions)
    {
        if (revisions.SequenceEqual(Revisions))
        {
            return;
        }

        var next = _path + ".part";
        using (var file = new FileStream(next, FileMode.Create, FileAccess.Write))
        {
            file.Write(Encoding.UTF8.GetBytes(string.Concat(revisions.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Key} {r.Value}\n")))));
            file.Flush(flushToDisk: true);
        }

        Posix.Rename(next, _path);
        Posix.SyncFolder(folder);
        Volatile.Write(ref _revisions, revisions);
    }
}
