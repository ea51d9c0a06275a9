using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Protocols;
using NetDeploy.Server.Boot;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Dhcp;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Server.Tests.Deployments;

/// <summary>A machine whose address another server leased: who is believed, and what its timeline tells.</summary>
public sealed class ProxyTests
{
    private static readonly NetworkSpecRef s_proxied = World.Network with { Network = World.Network.Network with { Mode = NetworkMode.Proxy } };
    private static readonly IPAddress s_second = IPAddress.Parse("10.77.0.77");

    [Fact]
    public async Task Each_program_on_the_nic_may_have_an_address_of_its_own()
    {
        await using var world = await ProxiedAsync();
        await world.GrantAsync();
        var token = await world.ScriptTokenAsync(World.Blade);
        Assert.NotNull(token);
        world.Owners.Lease(s_second, World.Mac);
        Assert.NotNull((await world.Service.AuthenticateAsync(world.Current!.Id, token, s_second, TokenPhase.Deploy)).Caller);
        Assert.Null((await world.Service.AuthenticateAsync(world.Current!.Id, token, World.Neighbour, TokenPhase.Deploy)).Caller);
        // Without an entry only the address that fetched the script counts.
        Assert.Null((await world.Service.AuthenticateAsync(world.Current!.Id, token, IPAddress.Parse("10.77.0.78"), TokenPhase.Deploy)).Caller);
        Assert.NotNull((await world.Service.AuthenticateAsync(world.Current!.Id, token, World.Blade, TokenPhase.Deploy)).Caller);
    }

    [Fact]
    public async Task A_neighbour_that_says_its_mac_gets_no_script()
    {
        await using var world = await ProxiedAsync();
        await world.GrantAsync();
        Assert.IsType<BootReply.Refused>(await world.Desk.ScriptAsync(World.Mac, null, World.Neighbour, s_proxied));
        Assert.Contains(await world.TimelineAsync(), e => e.Severity == TimelineSeverity.Alarm && e.Text.Contains(World.NeighbourMac.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_installed_system_may_report_from_a_new_address_and_is_shown_there()
    {
        await using var world = await ProxiedAsync();
        await world.GrantAsync();
        var caller = await world.CallerAsync((await world.ScriptTokenAsync(World.Blade))!);
        var plan = await world.Service.OpenForPlanAsync(caller);
        await world.Service.ClaimAsync(caller, "root /dev/vda");
        await world.Service.WrittenAsync(caller, null, null);
        world.Owners.Lease(s_second, World.Mac);
        var booted = (await world.Service.AuthenticateAsync(world.Current!.Id, plan.FirstBootToken, s_second, TokenPhase.FirstBoot)).Caller;
        Assert.NotNull(booted);
        Assert.IsType<DeploymentAnswer.Accepted>(await world.Service.InstalledAsync(booted, "6.1", World.Name, null, []));
        Assert.Equal(s_second, world.Machine.Observed?.Address);
    }

    [Fact]
    public async Task Firmware_that_fetches_nothing_is_told_of_with_the_options_of_the_main_server()
    {
        await using var world = await ProxiedAsync();
        await world.GrantAsync();
        Assert.NotNull(Offer(world, s_proxied));
        world.Fake.Advance(ProxyWatch.Patience / 2);
        world.Desk.SayUnfollowed();
        Assert.DoesNotContain(await world.TimelineAsync(), e => e.Text.Contains("ignores ProxyDHCP", StringComparison.Ordinal));
        world.Fake.Advance(ProxyWatch.Patience);
        world.Desk.SayUnfollowed();
        world.Desk.SayUnfollowed();
        var said = Assert.Single(await world.TimelineAsync(), e => e.Text.Contains("ignores ProxyDHCP", StringComparison.Ordinal));
        Assert.Equal(TimelineSeverity.Warning, said.Severity);
        Assert.Contains("next-server 10.77.0.1, filename undionly.kpxe", said.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Firmware_that_comes_is_not_and_GRUB_is_watched_until_it_has_its_configuration()
    {
        await using var world = await ProxiedAsync();
        await world.GrantAsync();
        Offer(world, s_proxied);
        await world.Desk.TftpAsync("undionly.kpxe", World.Blade, s_proxied);
        world.Fake.Advance(2 * ProxyWatch.Patience);
        world.Desk.SayUnfollowed();
        Assert.DoesNotContain(await world.TimelineAsync(), e => e.Severity == TimelineSeverity.Warning);

        Offer(world, s_proxied);
        await world.Desk.TftpAsync("bootnetx64.efi", World.Blade, s_proxied);
        await world.Desk.TftpAsync("revocations.efi", World.Blade, s_proxied);
        await world.Desk.TftpAsync("grubx64.efi", World.Blade, s_proxied);
        world.Fake.Advance(2 * ProxyWatch.Patience);
        world.Desk.SayUnfollowed();
        Assert.Contains("next-server 10.77.0.1", Assert.Single(await world.TimelineAsync(), e => e.Text.StartsWith("GRUB started", StringComparison.Ordinal)).Text, StringComparison.Ordinal);

        Offer(world, s_proxied);
        await world.Desk.TftpAsync("grubx64.efi", World.Blade, s_proxied);
        await world.Desk.TftpAsync("debian-installer/amd64/grub/grub.cfg", World.Blade, s_proxied);
        world.Fake.Advance(2 * ProxyWatch.Patience);
        world.Desk.SayUnfollowed();
        Assert.Single(await world.TimelineAsync(), e => e.Severity == TimelineSeverity.Warning);
    }

    [Fact]
    public async Task The_timeline_names_the_main_server_and_what_a_shadow_kept_to_itself()
    {
        await using var world = await ProxiedAsync();
        var notes = new LeaseNotes(world.Desk);
        notes.Decided(Event(NetworkMode.Proxy) with { ForeignServer = IPAddress.Parse("10.77.0.2") });
        notes.Decided(Event(NetworkMode.Authoritative) with { ForeignServer = IPAddress.Parse("10.77.0.3") });
        notes.Decided(Event(NetworkMode.Shadow) with { Shadowed = "would have been told Offer with undionly.kpxe (test)" });
        Assert.NotNull(Offer(world, World.Network with { Network = World.Network.Network with { Mode = NetworkMode.Shadow } }));
        var timeline = await world.TimelineAsync();
        Assert.Contains(timeline, e => e.Severity == TimelineSeverity.Info && e.Text.Contains("takes its address from the DHCP server 10.77.0.2", StringComparison.Ordinal));
        Assert.Contains(timeline, e => e.Severity == TimelineSeverity.Warning && e.Text.Contains("10.77.0.3", StringComparison.Ordinal) && e.Text.Contains("mode: proxy in the Network document lab", StringComparison.Ordinal));
        Assert.Equal($"Request of {World.Mac} (pxe) would have been told Offer with undionly.kpxe (test)", Assert.Single(timeline, e => e.Kind == "shadow").Text);
        // The desk itself would say that it was told.
        Assert.DoesNotContain(timeline, e => e.Text.Contains("gets its loader", StringComparison.Ordinal));
    }

    private static async Task<World> ProxiedAsync()
    {
        var world = await World.StartAsync();
        world.Owners.ByArp = true;
        return world;
    }

    private static BootOffer? Offer(World world, NetworkSpecRef network) =>
        world.Desk.Offer(new BootClient { Mac = World.Mac, Stage = BootStage.Pxe, Architectures = [0] }, network, out _);

    private static DhcpEvent Event(NetworkMode mode) => new()
    {
        At = DateTimeOffset.UnixEpoch,
        Interface = "eth0",
        Mac = World.Mac,
        TransactionId = 1,
        Request = DhcpMessageType.Request,
        Reply = DhcpMessageType.None,
        Client = new BootClient { Mac = World.Mac, Stage = BootStage.Pxe },
        Network = "lab",
        Mode = mode,
        Reason = "test",
    };
}
