using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using NetDeploy.Client;

namespace NetDeploy.Lab.Tests.Kills;

/// <summary>What it asks and reports, and what each answer means for the ledger.</summary>
internal sealed partial class ScriptedBlade
{
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

        if (_random.Next(2) == 0)
        {
            var (later, _) = await life.OrderAsync("timeline", client => client.TimelineAsync(_machine, Timeline.Last));
            Timeline.Take(later ?? []);
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
