using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using NetDeploy.Client;
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

    private async Task LookAsync(Life life)
    {
        var (view, refusal) = await life.OrderAsync("view", client => client.MachineAsync(_machine));
        if (view is null)
        {
            _ledger.Violated($"{_machine} is gone: {refusal!.Message}");
            throw refusal;
        }

        _state = view.State;
        _current = view.DeploymentId is { } id ? _ledger.Deployment(id, _machine) : null;
        if (_current is not null && Ledger.IsState(_state))
        {
            _ledger.Seen(_current, _state);
        }
    }

    private async Task DeployAsync(Life life)
    {
        var (order, _) = await life.OrderAsync("deploy", client => client.DeployAsync(_machine, new DeployRequest(Confirm: _machine)));
        if (order is not null)
        {
            _current = _ledger.Deployment(order.DeploymentId, _machine);
            _state = order.State;
            _ledger.Seen(_current, _state);
        }
    }

    private async Task CancelAsync(Life life)
    {
        _current!.MayBePastClaim = true;
        var target = _current;
        if (await life.OrderAsync("cancel", client => client.CancelAsync(_machine)) is null)
        {
            _ledger.Seen(target, "cancelled");
        }
    }

    private Task ReleaseAsync(Life life) => life.OrderAsync("release", client => client.ReleaseAsync(_machine));

    private Func<Life, Task> PowerOn()
    {
        var transaction = (uint)_random.Next();
        return life => PowerOnAsync(life, transaction);
    }

    private async Task PowerOnAsync(Life life, uint transaction)
    {
        if (await life.AskAsync("lease", () => _segment.LeaseAsync(_mac, transaction)) is { } address)
        {
            if (_address is not null && !_address.Equals(address))
            {
                _ledger.Violated($"{_machine} had the lease of {_address} and was given {address}");
            }

            _address = address;
        }

        if (_address is not null)
        {
            await ScriptAsync(life);
        }
    }

    private async Task ScriptAsync(Life life)
    {
        var sent = _ledger.Tick();
        var (status, body) = await HttpAsync(life, "script", new HttpRequestMessage(HttpMethod.Get, $"/boot/script?mac={_mac}"));
        if (status == HttpStatusCode.Forbidden)
        {
            _ledger.Violated($"{_machine} at {_address}, which it was leased, was refused its script: {body}");
        }
        else if (Arguments().Match(body) is { Success: true } match)
        {
            _ledger.Booted(_ledger.Deployment(match.Groups[1].Value, _machine), match.Groups[2].Value, sent);
        }
    }

    private async Task PlanAsync(Life life, KnownBoot boot)
    {
        var sent = _ledger.Tick();
        var (status, body) = await AskAsync(life, boot.Deployment, boot.Token, HttpMethod.Get, "plan", null);
        if (status == HttpStatusCode.OK)
        {
            _ledger.PlanServed(boot, FirstBoot().Match(body).Groups[1].Value, sent);
        }
    }

    private async Task ClaimAsync(Life life, KnownBoot boot)
    {
        boot.AskedToClaim = true;
        var sent = _ledger.Tick();
        var (status, body) = await AskAsync(life, boot.Deployment, boot.Token, HttpMethod.Post, "claim", "disk=root /dev/vda 1 disk\n");
        _ledger.ClaimAnswered(boot, status == HttpStatusCode.OK && body == "granted\n", body, sent);
    }

    private async Task ProgressAsync(Life life, KnownBoot boot, int number)
    {
        // A step of its own each time: reports of one step within a second share an entry.
        var step = string.Create(CultureInfo.InvariantCulture, $"step-{number}.");
        if (await SayAsync(life, boot, "progress", $"step={step}\npercent=50\n"))
        {
            _ledger.Told(boot.Deployment, "progress", step);
        }
    }

    private async Task HostKeysAsync(Life life, KnownBoot boot, int number)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"{_hostKeyName}-{number}");
        _ledger.Sends(HostKeys, key);
        if (await SayAsync(life, boot, "host-keys", key + "\n"))
        {
            _ledger.Stands(HostKeys, key);
        }
    }

    private async Task LogAsync(Life life, KnownBoot boot, int number)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{_machine} {number}\n");
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        _ledger.Sends(boot.Deployment.Logs, hash);
        if (await SayAsync(life, boot, "log", text))
        {
            _ledger.Stands(boot.Deployment.Logs, hash);
        }
    }

    private async Task FailedAsync(Life life, KnownBoot boot)
    {
        boot.Deployment.MayBePastClaim = true;
        if (await SayAsync(life, boot, "failed", "step=step_wipe\nreason=the disk says no\n"))
        {
            _ledger.Reported(boot, "failed");
        }
    }

    private async Task WrittenAsync(Life life, KnownBoot boot)
    {
        boot.Deployment.MayBePastClaim = true;
        if (await SayAsync(life, boot, "written", "seconds=3\n"))
        {
            _ledger.Reported(boot, "written");
        }
    }

    private async Task InstalledAsync(Life life, KnownBoot boot)
    {
        boot.Deployment.MayBePastClaim = true;
        var (status, body) = await AskAsync(life, boot.Deployment, boot.FirstBootToken!, HttpMethod.Post, "installed", $"kernel=6.1\nhostname={_machine}\n");
        if (status == HttpStatusCode.OK && body == "ok\n")
        {
            _ledger.Reported(boot, "installed");
        }
    }

    /// <returns>Whether the report was answered <c>ok</c>.</returns>
    private async Task<bool> SayAsync(Life life, KnownBoot boot, string what, string body)
    {
        var (status, answer) = await AskAsync(life, boot.Deployment, boot.Token, HttpMethod.Post, what, body);
        return status == HttpStatusCode.OK && answer == "ok\n";
    }

    private Task<(HttpStatusCode Status, string Body)> AskAsync(Life life, KnownDeployment deployment, string token, HttpMethod method, string what, string? body) =>
        HttpAsync(life, what, new HttpRequestMessage(method, $"/deploy/{deployment.Id}/{what}")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
            Content = body is null ? null : new StringContent(body),
        });

    private async Task<(HttpStatusCode Status, string Body)> HttpAsync(Life life, string kind, HttpRequestMessage request)
    {
        using (request)
        {
            var (status, body) = await life.AskAsync(kind, async () =>
            {
                using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
                return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            });
            if ((int)status >= 500)
            {
                _ledger.Violated($"{_machine}: {kind} was answered {(int)status}: {body}");
            }

            return (status, body);
        }
    }

    [GeneratedRegex("netdeploy\\.deployment=(\\S+) netdeploy\\.token=(\\S+)")]
    private static partial Regex Arguments();

    [GeneratedRegex("step_first_boot '[^']*' '([^']+)'")]
    private static partial Regex FirstBoot();
}
