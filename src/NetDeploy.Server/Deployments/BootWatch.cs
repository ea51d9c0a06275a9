using NetDeploy.Core.Boot;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Deployments;

/// <summary>
/// What each MAC did lately, in memory: its power-ons, and loaders fetched without a script. At most 4096 MACs; the one
/// heard longest ago is forgotten.
/// </summary>
internal sealed class BootWatch(TimeProvider clock)
{
    private const int Bound = 4096;
    private const int MaxFetches = 8;
    private static readonly TimeSpan LoopWindow = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RepeatWindow = TimeSpan.FromSeconds(10);

    private readonly string _process = Guid.NewGuid().ToString("n");
    private readonly Dictionary<MacAddress, Entry> _entries = [];
    private readonly Lock _gate = new();
    private long _marks;

    /// <summary>A boot client asked DHCP: what it fetches from now on belongs to this power-on, or stage of it.</summary>
    public void Asked(MacAddress mac) => With(mac, entry => entry.Mark = ++_marks);

    /// <summary>Equal until the MAC asks DHCP as a boot client again; null where it did not since this process started.</summary>
    public string? Mark(MacAddress mac)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(mac, out var entry) && entry.Mark > 0 ? $"{_process}.{entry.Mark}" : null;
        }
    }

    public void LoaderFetched(MacAddress mac) => With(mac, entry =>
    {
        entry.Fetches.Add(clock.GetTimestamp());
        if (entry.Fetches.Count > MaxFetches)
        {
            entry.Fetches.RemoveAt(0);
        }
    });

    public void ScriptFetched(MacAddress mac) => With(mac, entry => entry.Fetches.Clear());

    public LoaderHistory Loaders(MacAddress mac)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(mac, out var entry)
                ? new LoaderHistory(entry.Fetches.Count(t => clock.GetElapsedTime(t) < LoopWindow))
                : default;
        }
    }

    /// <summary>False for a text that this MAC's timeline got a moment ago: a DISCOVER, its repeats and the REQUEST are one line.</summary>
    public bool IsNews(MacAddress mac, string text)
    {
        var news = false;
        With(mac, entry =>
        {
            news = entry.LastText != text || clock.GetElapsedTime(entry.LastTextAt) >= RepeatWindow;
            (entry.LastText, entry.LastTextAt) = news ? (text, clock.GetTimestamp()) : (entry.LastText, entry.LastTextAt);
        });
        return news;
    }

    private void With(MacAddress mac, Action<Entry> change)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(mac, out var entry))
            {
                if (_entries.Count >= Bound)
                {
                    _entries.Remove(_entries.MinBy(e => e.Value.Heard).Key);
                }

                _entries[mac] = entry = new Entry();
            }

            entry.Heard = clock.GetTimestamp();
            change(entry);
        }
    }

    private sealed class Entry
    {
        public long Heard { get; set; }

        public long Mark { get; set; }

        public List<long> Fetches { get; } = [];

        public string? LastText { get; set; }

        public long LastTextAt { get; set; }
    }
}
