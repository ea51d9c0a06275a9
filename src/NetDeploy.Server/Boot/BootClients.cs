using System.Net;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Boot;

/// <summary>
/// What each NIC did lately: enough to tell one power-on from the next, to see a loader loop, and to list who asks without
/// being named. At most <see cref="Bound"/> NICs; the one seen longest ago goes first. All of it is evidence that a
/// neighbour can forge, and it is gone with the process.
/// </summary>
internal sealed class BootClients(TimeProvider clock)
{
    public const int Bound = 16384;

    private static readonly TimeSpan LoopWindow = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly Dictionary<MacAddress, Trace> _traces = [];
    private readonly string _start = Guid.NewGuid().ToString("n")[..8];
    private long _marks;

    /// <summary>A boot stage asked DHCP: after a fetched script that is another power-on.</summary>
    public LoaderHistory Asked(BootClient client)
    {
        lock (_gate)
        {
            var trace = Find(client.Mac);
            trace.Uuid = client.Uuid ?? trace.Uuid;
            trace.Firmware = Firmware(client) ?? trace.Firmware;
            trace.Requests++;
            if (trace.Mark is null || trace.FetchedScript)
            {
                trace.Mark = FormattableString.Invariant($"{_start}-{++_marks}");
                trace.FetchedScript = false;
            }

            return trace.Loaders(clock.GetUtcNow() - LoopWindow);
        }
    }

    /// <summary>Firmware has loaded its first stage whole.</summary>
    public void FetchedLoader(MacAddress mac)
    {
        lock (_gate)
        {
            Find(mac).LoaderFetches.Add(clock.GetUtcNow());
        }
    }

    /// <returns>The mark of this power-on; null where no DHCP of it was seen.</returns>
    public string? FetchedScript(MacAddress mac)
    {
        lock (_gate)
        {
            var trace = Find(mac);
            trace.LoaderFetches.Clear();
            trace.FetchedScript = true;
            return trace.Mark;
        }
    }

    public void Forget(MacAddress mac)
    {
        lock (_gate)
        {
            _traces.Remove(mac);
        }
    }

    /// <summary>The NICs that asked for a boot, the last one first.</summary>
    public IReadOnlyList<SeenClient> Seen()
    {
        lock (_gate)
        {
            return [.. _traces.Where(t => t.Value.Requests > 0).OrderByDescending(t => t.Value.LastSeen)
                .Select(t => new SeenClient(t.Key, t.Value.Uuid, t.Value.Firmware ?? "unknown", t.Value.LastSeen, t.Value.Requests))];
        }
    }

    private static string? Firmware(BootClient client) => client.Stage switch
    {
        BootStage.Http => "uefi-http",
        BootStage.Pxe when client.Architectures is [0, ..] or [] => "bios",
        BootStage.Pxe => "uefi",
        BootStage.Ipxe => client.Architectures is [0, ..] or [] ? "bios" : "uefi",
        _ => null,
    };

    private Trace Find(MacAddress mac)
    {
        if (!_traces.TryGetValue(mac, out var trace))
        {
            if (_traces.Count >= Bound)
            {
                _traces.Remove(_traces.MinBy(t => t.Value.LastSeen).Key);
            }

            _traces[mac] = trace = new Trace();
        }

        trace.LastSeen = clock.GetUtcNow();
        return trace;
    }

    private sealed class Trace
    {
        public DateTimeOffset LastSeen { get; set; }

        public Guid? Uuid { get; set; }

        public string? Firmware { get; set; }

        public int Requests { get; set; }

        public string? Mark { get; set; }

        public bool FetchedScript { get; set; }

        public List<DateTimeOffset> LoaderFetches { get; } = [];

        public LoaderHistory Loaders(DateTimeOffset since)
        {
            LoaderFetches.RemoveAll(at => at < since);
            return new LoaderHistory(LoaderFetches.Count);
        }
    }
}

/// <param name="Firmware"><c>bios</c>, <c>uefi</c>, <c>uefi-http</c> or <c>unknown</c>.</param>
internal sealed record SeenClient(MacAddress Mac, Guid? Uuid, string Firmware, DateTimeOffset LastSeen, int Requests);
