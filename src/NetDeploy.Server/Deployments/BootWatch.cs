using NetDeploy.Core.Boot;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Deployments;

/// <summary>
/// What each MAC did lately, in memory: its power-ons, where it is plugged in, and loaders fetched without a script. At most
/// <see cref="Bound"/> MACs of strangers; the one heard longest ago is forgotten. Those of declared machines stay: forged MACs
/// cannot push a booting machine out.
/// </summary>
/// <param name="declared">Whether a machine with a document is bound to this MAC or slot.</param>
internal sealed class BootWatch(TimeProvider clock, Func<MacAddress, string?, bool> declared)
{
    internal const int Bound = 4096;
    private const int MaxFetches = 8;
    private static readonly TimeSpan LoopWindow = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RepeatWindow = TimeSpan.FromSeconds(10);

    private readonly string _process = Guid.NewGuid().ToString("n");
    private readonly Dictionary<MacAddress, Entry> _entries = [];

    /// <summary>The MAC heard longest ago first.</summary>
    private readonly LinkedList<MacAddress> _heard = [];

    /// <summary>By slot, the MAC that asked through it last: one slot declares one MAC, whatever comes through it.</summary>
    private readonly Dictionary<string, MacAddress> _bySlot = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private long _marks;

    internal int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>A boot client asked DHCP: what it fetches from now on belongs to this power-on, or stage of it.</summary>
    /// <param name="slot">Where a trusted relay heard it; null: no such relay says.</param>
    public void Asked(MacAddress mac, string? slot) => With(mac, entry =>
    {
        entry.Mark = ++_marks;
        if (slot != entry.Slot)
        {
            LeaveSlot(mac, entry);
        }

        if (slot is not null)
        {
            if (_bySlot.TryGetValue(slot, out var before) && before != mac)
            {
                LeaveSlot(before, _entries[before]);
            }

            (entry.Slot, _bySlot[slot]) = (slot, mac);
        }
    });

    /// <summary>The slot that the MAC asked DHCP through last; null where no trusted relay named one, or another MAC asked there since.</summary>
    public string? Slot(MacAddress mac)
    {
        lock (_gate)
        {
            return _entries.GetValueOrDefault(mac)?.Slot;
        }
    }

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
            if (_entries.TryGetValue(mac, out var entry))
            {
                _heard.Remove(entry.Place);
            }
            else
            {
                if (_entries.Count >= Bound)
                {
                    ForgetAStranger();
                }

                _entries[mac] = entry = new Entry { Place = new LinkedListNode<MacAddress>(mac) };
            }

            _heard.AddLast(entry.Place);
            change(entry);
        }
    }

    /// <summary>A declared one that comes first is put last, so that it is looked at once a round; where all are declared, all stay.</summary>
    private void ForgetAStranger()
    {
        for (var left = _heard.Count; left > 0; left--)
        {
            var place = _heard.First!;
            var entry = _entries[place.Value];
            _heard.RemoveFirst();
            if (!declared(place.Value, entry.Slot))
            {
                LeaveSlot(place.Value, entry);
                _entries.Remove(place.Value);
                return;
            }

            _heard.AddLast(place);
        }
    }

    private void LeaveSlot(MacAddress mac, Entry entry)
    {
        if (entry.Slot is { } slot && _bySlot.TryGetValue(slot, out var holder) && holder == mac)
        {
            _bySlot.Remove(slot);
        }

        entry.Slot = null;
    }

    private sealed class Entry
    {
        public required LinkedListNode<MacAddress> Place { get; init; }

        public long Mark { get; set; }

        public string? Slot { get; set; }

        public List<long> Fetches { get; } = [];

        public string? LastText { get; set; }

        public long LastTextAt { get; set; }
    }
}
