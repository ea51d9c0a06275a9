using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Cli;
using NetDeploy.Client;
using NetDeploy.Protocols;
using NetDeploy.Server;
using NetDeploy.Server.Images;

namespace NetDeploy.Lab.Tests.Kills;

/// <summary>
/// The real <c>netdeploy serve</c> with its real store under kill -9, while blades boot and operators order. One grant gives one
/// claim, and what was answered is there after each restart. <c>NETDEPLOY_KILLS</c> sets how often in each run;
/// <c>NETDEPLOY_KILLS_SEED</c> repeats the choices of a run, though not the moments of another process.
/// </summary>
public sealed class KilledServeTests(ITestOutputHelper output) : IAsyncDisposable
{
    /// <summary>One by lease from the pool, the others by reservation.</summary>
    private static readonly (string Name, string Mac, string? Address)[] Blades =
    [
        ("blade1", "52:54:00:99:00:01", "10.99.0.11"),
        ("blade2", "52:54:00:99:00:02", "10.99.0.12"),
        ("blade3", "52:54:00:99:00:03", null),
    ];

    private static readonly string[] Pool = ["10.99.0.100", "10.99.0.101", "10.99.0.102"];

    private readonly string _folder = Directory.CreateTempSubdirectory("ndt-kill-").FullName;
    private readonly Ledger _ledger = new();
    private readonly CancellationTokenSource _ending = new();
    private BladeSegment? _segment;

    /// <summary>How long a start takes here.</summary>
    private TimeSpan _start;
    private Task _worker = Task.CompletedTask;

    private string Data => Path.Combine(_folder, "data");

    private string Configuration => Path.Combine(_folder, "netdeploy.yaml");

    [Fact]
    public Task One_grant_one_claim_and_nothing_answered_is_lost() => RunAsync(Number("NETDEPLOY_KILLS", 20));

    [Fact]
    [Trait("Category", "Full")]
    public Task One_grant_one_claim_and_nothing_answered_is_lost_in_300_kills() => RunAsync(300);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _worker.ContinueWith(_ => { }, TaskScheduler.Default);
        if (_segment is not null)
        {
            await _segment.DisposeAsync();
        }

        _ending.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    private async Task RunAsync(int kills)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, for network namespaces");
        var seed = Number("NETDEPLOY_KILLS_SEED", Random.Shared.Next());
        output.WriteLine($"NETDEPLOY_KILLS_SEED={seed}");
        var random = new Random(seed);
        var clock = Stopwatch.StartNew();
        await PrepareAsync();

        var orders = new DocumentOrders(_ledger, new Random(random.Next()));
        var blades = Blades.Select(b => new ScriptedBlade(b.Name, MacAddress.Parse(b.Mac), _segment!, _ledger, random.Next())).ToArray();
        try
        {
            await FirstLifeAsync(orders);
            var startsKilled = 0;
            for (var kill = 1; kill <= kills; kill++)
            {
                startsKilled += await LiveAsync(kill, seed, random, blades, orders) ? 0 : 1;
                if (kill % 50 == 0)
                {
                    output.WriteLine($"{kill} kills after {clock.Elapsed.TotalSeconds:0} s");
                }
            }

            using (var last = new ServeProcess(_segment!, Configuration))
            using (var client = NetDeployClient.OverUnixSocket(ServerPaths.Socket(Data)))
            {
                Assert.True(await last.IsReadyAsync(client));
                await CheckAsync(client, blades, orders);
                AssertNothingViolated(seed, "after the last kill", last);
            }

            output.WriteLine(
                $"{kills} kills in {clock.Elapsed.TotalSeconds:0} s, {startsKilled} of them in a start: {_ledger.Answers} answers checked, "
                + $"{_ledger.Deployments} deployments, {_ledger.Claims} claimed, {_ledger.Installed} installed");
            Assert.True(_ledger.Claims >= kills / 4, $"only {_ledger.Claims} claims in {kills} lives: the kills came before anything happened");
        }
        finally
        {
            foreach (var blade in blades)
            {
                blade.Dispose();
            }
        }
    }

    /// <summary>A network, boot files, and a worker that outlives all servers.</summary>
    private async Task PrepareAsync()
    {
        _segment = await BladeSegment.CreateAsync([.. Blades.Select(b => b.Address).OfType<string>(), .. Pool]);
        var (bootFiles, images) = (Path.Combine(_folder, "bootfiles"), Path.Combine(_folder, "images"));
        FakeBootFiles.Write(bootFiles, Installation.BootFiles);
        await File.WriteAllTextAsync(Configuration, $$"""
            data: {{Data}}
            interfaces: [{name: {{BladeSegment.ServerInterface}}}]
            bootPort: {{BladeSegment.BootPort}}
            bootFiles: {{bootFiles}}
            images: {{images}}
            deployments: {boots: 6, sameBoot: 1s}
            """);
        var worker = new ImageWorker(ImageSpool.Create(images), new FakeImages(), 2, _ => { }, TimeProvider.System, NullLogger.Instance);
        _worker = Task.Run(() => worker.RunAsync(_ending.Token));
    }

    private async Task FirstLifeAsync(DocumentOrders orders)
    {
        var clock = Stopwatch.StartNew();
        using var server = new ServeProcess(_segment!, Configuration);
        using var client = NetDeployClient.OverUnixSocket(ServerPaths.Socket(Data));
        Assert.True(await server.IsReadyAsync(client));
        _start = clock.Elapsed;
        const string Serial = "S0";
        var applied = await client.ApplyAsync(new ApplyRequest([Network(), .. Blades.Select(b => Document(b.Name, b.Mac, b.Address)), DocumentOrders.Document(Serial)]));
        Assert.True(applied.Applied, string.Join('\n', applied.Diagnostics));
        orders.Start(applied.Revision, Serial);
    }

    /// <summary>Start, check, speak, kill.</summary>
    /// <returns>False where it was killed in its start.</returns>
    private async Task<bool> LiveAsync(int kill, int seed, Random random, ScriptedBlade[] blades, DocumentOrders orders)
    {
        using var server = new ServeProcess(_segment!, Configuration);
        using var client = NetDeployClient.OverUnixSocket(ServerPaths.Socket(Data));
        if (random.Next(6) == 0)
        {
            await Task.Delay(random.NextDouble() * _start, TestContext.Current.CancellationToken);
            server.Kill();
            await server.GoneAsync();
            return false;
        }

        Assert.True(await server.IsReadyAsync(client));
        await CheckAsync(client, blades, orders);
        AssertNothingViolated(seed, $"before kill {kill}", server);

        var fuse = new Fuse(server, random);
        var when = fuse.ToString();
        var life = new Life(server, fuse, client);
        await Task.WhenAll([fuse.BurnAsync(), orders.LiveAsync(life), .. blades.Select(b => b.LiveAsync(life))]);
        await server.GoneAsync();
        AssertNothingViolated(seed, $"in the life before kill {kill}, {when}", server);
        return true;
    }

    private async Task CheckAsync(NetDeployClient client, ScriptedBlade[] blades, DocumentOrders orders)
    {
        await orders.CheckAsync(client);
        foreach (var blade in blades)
        {
            await new RestartCheck(_ledger).CheckAsync(client, blade);
        }
    }

    private void AssertNothingViolated(int seed, string when, ServeProcess server)
    {
        if (_ledger.Violations is { Count: > 0 } violations)
        {
            Assert.Fail($"{when}, NETDEPLOY_KILLS_SEED={seed}:\n{string.Join('\n', violations)}\n\nThe server said:\n{server.Said}");
        }
    }

    private static DocumentText Network() => new("network.yaml", $$"""
        apiVersion: netdeploy/v1
        kind: Network
        name: segment
        subnet: 10.99.0.0/24
        mode: authoritative
        pools:
          - {first: {{Pool[0]}}, last: {{Pool[^1]}}}
        """);

    private static DocumentText Document(string name, string mac, string? address) => new($"{name}.yaml", $"""
        apiVersion: netdeploy/v1
        kind: Machine
        name: {name}
        type: metal
        distro: debian-12
        method: image
        {(address is null ? "" : $"address: {address}")}
        binding:
          macs: ['{mac}']
        """);
}
