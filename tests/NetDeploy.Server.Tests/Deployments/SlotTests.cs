using System.Net;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;
using NetDeploy.Server.Deployments;

namespace NetDeploy.Server.Tests.Deployments;

/// <summary>A machine known by where its cable ends, as a relay tells it (option 82).</summary>
public sealed class SlotTests
{
    private const string Circuit = "0004aa01";
    private const string Remote = "0006bb";
    private static readonly IPAddress Relay = IPAddress.Parse("10.77.0.3");
    private static readonly NetworkSpecRef Network = World.Network with { Network = World.Network.Network with { Relays = [Relay] } };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_machine_bound_by_its_slot_alone_boots_and_is_installed_as_wired(bool grub)
    {
        await using var world = await WiredAsync();
        await world.GrantAsync();
        Ask(world, World.Mac, Relay);
        var reply = grub
            ? await world.Desk.TftpAsync("grub/grub.cfg", World.Blade, Network)
            : await world.Desk.ScriptAsync(World.Mac, null, World.Blade, Network);
        var token = World.TokenOf(reply)!;
        Assert.NotNull(token);
        Assert.Equal(IdentityStrength.Wired, world.Current!.Strength);
        Assert.Equal(World.Mac, world.Current.Boot!.Mac);

        var caller = await world.CallerAsync(token);
        var firstBoot = (await world.Service.OpenForPlanAsync(caller)).FirstBootToken!;
        Assert.IsType<DeploymentAnswer.ClaimGranted>(await world.Service.ClaimAsync(caller, "root"));
        Assert.IsType<DeploymentAnswer.Accepted>(await world.Service.WrittenAsync(caller, null, null));
        Assert.Null((await world.Service.AuthenticateAsync(world.Current.Id, firstBoot, World.Blade, TokenPhase.FirstBoot)).Refusal);
        Assert.NotNull((await world.Service.AuthenticateAsync(world.Current.Id, firstBoot, World.Neighbour, TokenPhase.FirstBoot)).Refusal);
    }

    [Fact]
    public async Task A_machine_bound_by_mac_and_slot_is_wired_through_its_relay_and_claimed_without()
    {
        await using var world = await WiredAsync(World.Mac);
        await world.GrantAsync();
        Ask(world, World.Mac, null);
        Assert.NotNull(await world.ScriptTokenAsync(World.Blade));
        Assert.Equal(IdentityStrength.Claimed, world.Current!.Strength);
        Ask(world, World.Mac, Relay);
        Assert.NotNull(await world.ScriptTokenAsync(World.Blade));
        Assert.Equal(IdentityStrength.Wired, world.Current!.Strength);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("10.77.0.99")]
    [InlineData("192.0.2.1")]
    public async Task Option_82_of_a_client_or_of_a_relay_that_nobody_named_says_nothing(string? relay)
    {
        await using var world = await WiredAsync();
        await world.GrantAsync();
        Ask(world, World.NeighbourMac, relay is null ? null : IPAddress.Parse(relay));
        Assert.Null(await world.ScriptTokenAsync(World.Neighbour, World.NeighbourMac));
        Assert.Equal(DeploymentState.Granted, world.Current!.State);
    }

    [Fact]
    public async Task The_slot_speaks_only_for_the_nic_that_has_the_lease()
    {
        await using var world = await WiredAsync();
        await world.GrantAsync();
        Ask(world, World.Mac, Relay);
        Assert.Null(await world.ScriptTokenAsync(World.Neighbour));
        world.Owners.Foreign = true;
        Assert.Null(await world.ScriptTokenAsync(World.Neighbour));
        Assert.Equal(DeploymentState.Granted, world.Current!.State);
    }

    [Fact]
    public async Task The_token_of_the_old_slot_is_void_once_the_machine_moved_to_another()
    {
        await using var world = await WiredAsync();
        await world.GrantAsync();
        Ask(world, World.Mac, Relay);
        var token = (await world.ScriptTokenAsync(World.Blade))!;
        await world.CallerAsync(token);
        await world.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.True((await world.Service.ReplaceAsync(World.Name, new Binding { Slot = "bb/cc" })).Ok);
        Assert.NotNull((await world.Service.AuthenticateAsync(world.Current!.Id, token, World.Blade, TokenPhase.Deploy)).Refusal);
    }

    [Fact]
    public async Task The_slot_goes_to_the_nic_that_asked_there_last()
    {
        await using var world = await WiredAsync();
        await world.GrantAsync();
        Ask(world, World.NeighbourMac, Relay);
        Ask(world, World.Mac, Relay);
        Assert.Null(await world.ScriptTokenAsync(World.Neighbour, World.NeighbourMac));
        Assert.NotNull(await world.ScriptTokenAsync(World.Blade));
    }

    private static async Task<World> WiredAsync(params MacAddress[] macs)
    {
        var world = await World.StartAsync();
        await world.Service.PutMachineAsync(new MachineDraft(
            World.Name, MachineKind.Metal, new Binding { Macs = [.. macs], Slot = Binding.SlotOf(Remote, Circuit) }, [World.Static], false));
        return world;
    }

    private static void Ask(World world, MacAddress mac, IPAddress? relay) => world.Desk.Offer(
        new BootClient { Mac = mac, Stage = BootStage.Ipxe, Architectures = [0], Relay = relay, CircuitId = Circuit, RemoteId = Remote }, Network, out _);
}
