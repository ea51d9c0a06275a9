using System.Globalization;
using NetDeploy.Client;

namespace NetDeploy.Lab.Tests.Kills;

/// <summary>The operator who applies documents and sets a secret, again and again. Each apply gives one machine another serial number.</summary>
internal sealed class DocumentOrders(Ledger ledger, Random random)
{
    public const string Machine = "spare";
    private const string Secret = "spare-secret";

    private (long Revision, string Serial) _answered;
    private string? _asked;
    private (int Answered, int Asked) _secret;
    private int _count;

    /// <summary>Revisions that a kill may have left beside the one in force, written and not yet linked: their numbers are not given again.</summary>
    private int _left;

    private bool IsNext(long revision) => revision > _answered.Revision && revision <= _answered.Revision + 1 + _left;

    public static DocumentText Document(string serial) => new($"{Machine}.yaml", $"""
        apiVersion: netdeploy/v1
        kind: Machine
        name: {Machine}
        type: metal
        distro: debian-12
        binding:
          macs: ['52:54:00:99:00:99']
          serial: {serial}
        """);

    /// <summary>Of the first apply.</summary>
    public void Start(long revision, string serial) => _answered = (revision, serial);

    /// <summary>Until the server is killed.</summary>
    public async Task LiveAsync(Life life)
    {
        try
        {
            while (true)
            {
                await Task.Delay(random.Next(10, 120), TestContext.Current.CancellationToken);
                await (random.Next(4) == 0 ? SetSecretAsync(life) : ApplyAsync(life));
            }
        }
        catch (ServerGone)
        {
            // The check of the next life says which of both is in force.
        }
    }

    /// <summary>What the answers promised is there; what was asked without an answer may be.</summary>
    public async Task CheckAsync(NetDeployClient client)
    {
        var status = await client.StatusAsync(TestContext.Current.CancellationToken);
        var serial = (await client.MachineAsync(Machine, TestContext.Current.CancellationToken)).Serial;
        if (_asked is { } asked && IsNext(status.Revision))
        {
            (_answered, _left) = ((status.Revision, asked), 0);
        }
        else if (_asked is not null)
        {
            _left++;
        }

        _asked = null;
        if ((status.Revision, serial) != _answered)
        {
            ledger.Violated($"revision {status.Revision} with serial {serial} is in force, and not {_answered}");
        }

        var versions = await client.SecretsAsync(TestContext.Current.CancellationToken);
        var version = versions.SingleOrDefault(s => s.Name == Secret)?.Version ?? 0;
        if (version < _secret.Answered || version > _secret.Asked)
        {
            ledger.Violated($"the secret has version {version}: {_secret.Answered} was answered, {_secret.Asked} asked for");
        }

        _secret = (version, version);
    }

    private async Task ApplyAsync(Life life)
    {
        var serial = string.Create(CultureInfo.InvariantCulture, $"S{++_count}");
        _asked = serial;
        var (result, refusal) = await life.OrderAsync("apply", client => client.ApplyAsync(new ApplyRequest([Document(serial)], _answered.Revision)));
        if (result is not { Applied: true } || !IsNext(result.Revision))
        {
            ledger.Violated($"an apply on revision {_answered.Revision} came to {result?.ToString() ?? refusal!.Message}");
            return;
        }

        (_answered, _left) = ((result.Revision, serial), 0);
        _asked = null;
    }

    private async Task SetSecretAsync(Life life)
    {
        _secret.Asked++;
        var (view, refusal) = await life.OrderAsync("secret", client => client.SetSecretAsync(Secret, $"value {random.Next()}"));
        if (view?.Version != _secret.Asked)
        {
            ledger.Violated($"setting the secret came to {view?.ToString() ?? refusal!.Message}, and {_secret.Asked} was due");
            return;
        }

        _secret.Answered = view.Version;
    }
}
