using System.Net;
using NetDeploy.Protocols;

namespace NetDeploy.Lab.Tests.Kills;

/// <summary>
/// A blade over the wire, and the operator who orders for it: boots, plans, claims and reports of its deployments in any order,
/// repeated, raced and late. Its memory outlives the server; what was not answered is mostly asked again in the next life.
/// </summary>
internal sealed partial class ScriptedBlade : IDisposable
{
    private readonly Ledger _ledger;
    private readonly Random _random;
    private readonly BladeSegment _segment;
    private readonly HttpClient _http;
    private readonly string _machine;
    private readonly MacAddress _mac;
    private readonly string _hostKeyName;
    private KnownDeployment? _current;
    private Func<Life, Task>? _unanswered;
    private IPAddress? _address;
    private string _state = "new";
    private int _count;

    public ScriptedBlade(string machine, MacAddress mac, BladeSegment segment, Ledger ledger, int seed)
    {
        (_machine, _mac, _segment, _ledger) = (machine, mac, segment, ledger);
        Timeline = new KnownTimeline(machine);
        _random = new Random(seed);
        _hostKeyName = $"ssh-ed25519 {machine}";
        _http = segment.ClientOf(() => _address!);
    }

    public KnownTimeline Timeline { get; }

    public string Machine => _machine;

    /// <summary>The address of the last ACK; null before the first.</summary>
    public string? Leased => _address?.ToString();

    /// <summary>What the machine's host keys may be: the last that were answered, and those that were sent since.</summary>
    public HashSet<string?> HostKeys { get; } = [""];

    public void Dispose() => _http.Dispose();

    /// <summary>Until the server is killed.</summary>
    public async Task LiveAsync(Life life)
    {
        try
        {
            if (_unanswered is { } again)
            {
                _unanswered = null;
                if (_random.Next(10) < 7)
                {
                    await DoAsync(life, again);
                }
            }

            while (true)
            {
                await LookAsync(life);
                for (var steps = _random.Next(1, 5); steps > 0; steps--)
                {
                    await DoAsync(life, Next());
                }
            }
        }
        catch (ServerGone)
        {
            // The next life goes on from here.
        }
    }

    private async Task DoAsync(Life life, Func<Life, Task> action)
    {
        _unanswered = action;
        // The same again at the same time, as a network repeats it.
        await (_random.Next(6) == 0 ? Task.WhenAll(action(life), action(life)) : action(life));
        _unanswered = null;
    }

    private Func<Life, Task> Next()
    {
        if (_state == "quarantined")
        {
            return ReleaseAsync;
        }

        if (_current is null || Ledger.IsEnd(_state) || _state == "new")
        {
            // What an ended deployment's blade still says is late, and changes nothing.
            return _current is { Boots.Count: > 0 } && _random.Next(3) == 0 ? Report(_current) : DeployAsync;
        }

        var boots = _current.Boots;
        return _random.Next(100) switch
        {
            < 3 => CancelAsync,
            < 6 => DeployAsync,
            < 14 when _address is not null => ScriptAsync,
            _ when boots.Count == 0 => PowerOn(),
            < 18 => PowerOn(),
            < 28 => Race(_current),
            _ => Report(_current),
        };
    }

    /// <summary>Mostly of the newest boot, sometimes of any.</summary>
    private KnownBoot BootOf(KnownDeployment deployment) =>
        _random.Next(5) == 0 ? deployment.Boots[_random.Next(deployment.Boots.Count)] : deployment.Boots[^1];

    private Func<Life, Task> Report(KnownDeployment deployment)
    {
        var boot = BootOf(deployment);
        var number = ++_count;
        return _random.Next(100) switch
        {
            < 10 => life => PlanAsync(life, boot),
            < 18 => life => SayAsync(life, boot, "inventory", "cpus=2\nmemory=1073741824\n"),
            < 40 => life => ClaimAsync(life, boot),
            < 60 => life => ProgressAsync(life, boot, number),
            < 68 => life => HostKeysAsync(life, boot, number),
            < 75 => life => LogAsync(life, boot, number),
            < 77 => life => FailedAsync(life, boot),
            < 89 => life => WrittenAsync(life, boot),
            _ when boot.FirstBootToken is not null => life => InstalledAsync(life, boot),
            _ => life => PlanAsync(life, boot),
        };
    }

    /// <summary>Two boots of one deployment ask for its claim at once.</summary>
    private Func<Life, Task> Race(KnownDeployment deployment)
    {
        var (one, other) = (BootOf(deployment), BootOf(deployment));
        return life => Task.WhenAll(ClaimAsync(life, one), ClaimAsync(life, other));
    }
}
