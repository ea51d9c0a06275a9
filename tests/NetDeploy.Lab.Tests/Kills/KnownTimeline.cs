using NetDeploy.Client;

namespace NetDeploy.Lab.Tests.Kills;

/// <summary>All entries of one machine that were ever read, and what a new reading must not contradict.</summary>
internal sealed class KnownTimeline(string machine)
{
    /// <summary>The server keeps this many of a machine; older ones go.</summary>
    private const int Bound = 2000;

    private readonly SortedDictionary<long, TimelineView> _entries = [];

    /// <summary>The newest deployment that the entries tell of, and its state by them; null where there is none.</summary>
    public (string Deployment, string State)? Newest { get; private set; }

    /// <summary>The last entry that was read; 0 before the first.</summary>
    public long Last => _entries.Count == 0 ? 0 : _entries.Keys.Last();

    /// <summary>Takes what came after <see cref="Last"/>: it was read, so it stays.</summary>
    public void Take(IReadOnlyList<TimelineView> later)
    {
        foreach (var entry in later)
        {
            _entries[entry.Sequence] = entry;
        }
    }

    /// <summary>Takes a reading of the whole timeline.</summary>
    /// <returns>Contradictions.</returns>
    public IEnumerable<string> Read(IReadOnlyList<TimelineView> page)
    {
        var last = Last;
        var first = page.Count < Bound ? 0 : page[0].Sequence;
        var now = new Dictionary<long, TimelineView>();
        long before = 0;
        foreach (var entry in page)
        {
            if (entry.Sequence <= before)
            {
                yield return $"{machine}: entry {entry.Sequence} comes after {before}";
            }

            before = entry.Sequence;
            now[entry.Sequence] = entry;
            if (!_entries.TryGetValue(entry.Sequence, out var known))
            {
                if (entry.Sequence < last)
                {
                    yield return $"{machine}: entry {entry.Sequence} '{entry.Text}' came into the past: {last} was read before";
                }
            }
            else if ((known.Kind, known.Text, known.DeploymentId, known.At) != (entry.Kind, entry.Text, entry.DeploymentId, entry.At))
            {
                yield return $"{machine}: entry {entry.Sequence} was '{known.Kind} {known.Text}' and is '{entry.Kind} {entry.Text}'";
            }
        }

        foreach (var (sequence, known) in _entries)
        {
            if (sequence >= first && !now.ContainsKey(sequence))
            {
                yield return $"{machine}: entry {sequence} '{known.Kind} {known.Text}' is gone";
            }
        }

        Take(page);
    }

    public bool Tells(string deployment, string kind, string text) =>
        _entries.Values.Any(e => e.DeploymentId == deployment && e.Kind == kind && e.Text.Contains(text, StringComparison.Ordinal));

    /// <summary>Whether the entries tell that the deployment came to this state.</summary>
    public bool Tells(string deployment, string state) => Moves().Any(e => e.DeploymentId == deployment && e.Kind == state);

    /// <summary>Lives the machine's deployments again, entry by entry.</summary>
    /// <returns>Contradictions to the rules of a deployment's life.</returns>
    public IEnumerable<string> Replay()
    {
        var states = new Dictionary<string, string>();
        string? newest = null;
        foreach (var entry in Moves())
        {
            var id = entry.DeploymentId!;
            var state = states.GetValueOrDefault(id);
            var what = $"{machine}: entry {entry.Sequence}, deployment {id}";
            if (entry.Kind == "preparing")
            {
                if (newest is not null && !Ledger.IsEnd(states[newest]))
                {
                    yield return $"{what} was opened while {newest} is {states[newest]}";
                }

                newest = id;
            }

            if (state is null != (entry.Kind == "preparing"))
            {
                yield return $"{what} goes from {state ?? "nothing"} to {entry.Kind}";
            }
            else if (state is not null && Ledger.IsEnd(state))
            {
                yield return $"{what} had ended as {state} and is {entry.Kind}";
            }
            else if (state is not null && Ledger.Rank(entry.Kind) <= Ledger.Rank(state) && (state, entry.Kind) != ("booting", "booting"))
            {
                yield return $"{what} goes back from {state} to {entry.Kind}";
            }
            else if (entry.Kind is "written" or "installed" && state is not ("claimed" or "written"))
            {
                yield return $"{what} goes from {state} to {entry.Kind} without a claim";
            }

            states[id] = entry.Kind;
        }

        Newest = newest is null ? null : (newest, states[newest]);
    }

    /// <summary>The entries that are steps of a deployment's life; a repeated or late report has the same kind and says so.</summary>
    private IEnumerable<TimelineView> Moves() =>
        _entries.Values.Where(e => e.DeploymentId is not null && Ledger.IsState(e.Kind) && !e.Text.Contains("nothing changed", StringComparison.Ordinal));
}
