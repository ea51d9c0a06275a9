using System.Collections.Concurrent;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Deployments;

/// <summary>Leases as a table in memory; the network is ours unless said otherwise.</summary>
internal sealed class FakeOwners : IAddressOwners
{
    private readonly ConcurrentDictionary<IPAddress, MacAddress> _leases = new();

    public bool Foreign { get; set; }

    public void Lease(IPAddress address, MacAddress mac) => _leases[address] = mac;

    /// <summary>Another server leases; what is leased here stands for the ARP table then.</summary>
    public bool ByArp { get; set; }

    public AddressOwner OwnerOf(IPAddress address) =>
        ByArp ? _leases.TryGetValue(address, out var nic) ? AddressOwner.Neighbour(nic) : AddressOwner.Foreign
        : Foreign ? AddressOwner.Foreign : _leases.TryGetValue(address, out var mac) ? AddressOwner.Of(mac) : AddressOwner.Nobody;
}

/// <summary>One blade, one neighbour, and a server that can be restarted over the same store.</summary>
internal sealed partial class World : IAsyncDisposable
{
    public const string Name = "blade1";
    public static readonly MacAddress Mac = MacAddress.Parse("52:54:00:00:00:01");
    public static readonly MacAddress NeighbourMac = MacAddress.Parse("52:54:00:00:00:99");
    public static readonly IPAddress Blade = IPAddress.Parse("10.77.0.10");
    public static readonly IPAddress Static = IPAddress.Parse("10.77.0.200");
    public static readonly IPAddress Neighbour = IPAddress.Parse("10.77.0.99");
    public static readonly NetworkSpecRef Network = new(
        new NetworkSpec { Name = "lab", Subnet = IPNetwork.Parse("10.77.0.0/24") }, IPAddress.Parse("10.77.0.1"));

    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _key = new byte[32];

    private World(IRecordStore store, TimeProvider clock)
    {
        Store = store;
        Clock = clock;
        Owners.Lease(Blade, Mac);
        Owners.Lease(Neighbour, NeighbourMac);
    }

    public IRecordStore Store { get; set; }

    public TimeProvider Clock { get; }

    public FakeTimeProvider Fake => (FakeTimeProvider)Clock;

    public FakeOwners Owners { get; } = new();

    /// <summary>Of the bulk store: eight whole logs and a little.</summary>
    public const long BulkTotal = 40L << 20;

    public BulkStore Bulk { get; private set; } = null!;

    public DeploymentService Service { get; private set; } = null!;

    public BootDesk Desk { get; private set; } = null!;

    public Machine Machine => Service.Machines.ByName(Name)!;

    public Deployment? Current => Service.Current(Machine.Id);

    public static async Task<World> StartAsync(IRecordStore? store = null, TimeProvider? clock = null)
    {
        var world = new World(store ?? new InMemoryRecordStore(), clock ?? new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56)));
        await world.StartServiceAsync();
        if (world.Service.Machines.ByName(Name) is null)
        {
            await world.Service.PutMachineAsync(new MachineDraft(Name, MachineKind.Metal, new Binding { Macs = [Mac] }, [Static], false));
        }

        return world;
    }

    public async Task RestartAsync()
    {
        await Service.DisposeAsync();
        await StartServiceAsync();
    }

    public Task<CommandResult<Deployment>> GrantAsync(string inputs = "inputs") => Service.GrantAsync(new GrantRequest(Name, "recipe", inputs, "key", "sha", "test"));

    /// <summary>The blade powers on: DHCP, then the script. Null where it was not given the deploy environment.</summary>
    public async Task<string?> PowerOnAsync()
    {
        Desk.Offer(new BootClient { Mac = Mac, Stage = BootStage.Ipxe, Architectures = [0] }, Network, out _);
        return await ScriptTokenAsync(Blade);
    }

    /// <summary>The token in the script, or null: local boot, or refused.</summary>
    public async Task<string?> ScriptTokenAsync(IPAddress source, MacAddress? mac = null) =>
        TokenOf(await Desk.ScriptAsync(mac ?? Mac, null, source, Network));

    public static string? TokenOf(BootReply reply) =>
        reply is BootReply.Text text && TokenPattern().Match(text.Content) is { Success: true } match ? match.Groups[1].Value : null;

    public async Task<Caller> CallerAsync(string deployToken)
    {
        var authentication = await Service.AuthenticateAsync(Current!.Id, deployToken, Blade, TokenPhase.Deploy);
        Assert.Null(authentication.Refusal);
        return authentication.Caller!;
    }

    /// <summary>Grants, boots and claims; returns the deploy token and the first-boot token.</summary>
    public async Task<(Caller Caller, string Deploy, string FirstBoot)> ClaimedAsync(string inputs = "inputs")
    {
        Assert.True((await GrantAsync(inputs)).Ok);
        var token = (await PowerOnAsync())!;
        var caller = await CallerAsync(token);
        var plan = await Service.OpenForPlanAsync(caller);
        Assert.IsType<DeploymentAnswer.ClaimGranted>(await Service.ClaimAsync(caller, "root /dev/vda"));
        return (caller, token, plan.FirstBootToken!);
    }

    /// <summary>Time passes, and what that causes happens.</summary>
    public async Task AdvanceAsync(TimeSpan time)
    {
        Fake.Advance(time);
        await Service.DeadlinesSettledAsync();
    }

    public async Task<List<TimelineEntry>> TimelineAsync()
    {
        await Service.DrainEvidenceAsync();
        return [.. (await Service.TimelineAsync(Name))!.Entries];
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        await Store.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StartServiceAsync()
    {
        Bulk = new BulkStore(_folder["bulk"], new BulkLimits { TotalBytes = BulkTotal }, Clock);
        Service = await DeploymentService.StartAsync(
            Store, Bulk, new TokenMint(_key), Owners, new DeploymentLimits(), Clock, NullLogger.Instance);
        Desk = new BootDesk(Service, Owners, new BootDeskOptions { HttpPort = 8080 }, Clock, NullLogger.Instance);
    }

    [GeneratedRegex("netdeploy\\.token=([A-Za-z0-9_-]{43})")]
    private static partial Regex TokenPattern();
}
