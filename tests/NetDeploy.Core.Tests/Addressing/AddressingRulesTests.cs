using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Tests.Addressing;

/// <summary>The state table of RFC 2131 section 4.3.</summary>
public sealed class AddressingRulesTests
{
    private const string Other = "52:54:00:00:00:02";

    [Fact]
    public void An_offer_is_kept_in_memory_only_and_an_ack_needs_the_journal()
    {
        var world = new World();
        var offer = world.Handle(Client.Packet(DhcpMessageType.Discover));
        Assert.Equal("10.77.0.100", offer.Address.ToString());
        Assert.False(offer.NeedsJournal);
        Assert.Equal(LeaseState.Offered, Assert.Single(offer.Changes).State);
        var ack = world.Handle(Client.Packet(DhcpMessageType.Request, requested: "10.77.0.100", server: "10.77.0.1"));
        Assert.True(ack.NeedsJournal);
        Assert.Equal(TimeSpan.FromHours(1), ack.LeaseTime);
    }

    [Fact]
    public void An_offer_ends_and_the_next_client_takes_what_was_never_used()
    {
        var world = new World();
        world.Handle(Client.Packet(DhcpMessageType.Discover));
        Assert.Equal("10.77.0.101", world.Handle(Client.Packet(DhcpMessageType.Discover, Other)).Address.ToString());
        world.Now += TimeSpan.FromMinutes(2);
        Assert.Equal("10.77.0.102", world.Bind("52:54:00:00:00:03"));
        Assert.Equal("10.77.0.100", world.Bind());
    }

    [Fact]
    public void A_client_that_chose_another_server_frees_its_offer()
    {
        var world = new World();
        world.Handle(Client.Packet(DhcpMessageType.Discover));
        Assert.NotNull(world.Table.At(Ipv4Address.Parse("10.77.0.100")));
        var decision = world.Handle(Client.Packet(DhcpMessageType.Request, requested: "10.77.0.50", server: "10.77.0.9"));
        Assert.Equal(DhcpMessageType.None, decision.Reply);
        Assert.Null(world.Table.At(Ipv4Address.Parse("10.77.0.100")));
    }

    [Theory]
    [InlineData("10.77.0.101", DhcpMessageType.Ack)]
    [InlineData("10.77.0.100", DhcpMessageType.Nak)]
    [InlineData("10.77.0.50", DhcpMessageType.Nak)]
    [InlineData("10.77.0.254", DhcpMessageType.Nak)]
    [InlineData("10.77.0.1", DhcpMessageType.Nak)]
    [InlineData("192.168.1.5", DhcpMessageType.Nak)]
    public void Rebooting_an_unknown_client_gets_a_free_address_of_the_pool_or_a_nak(string requested, DhcpMessageType expected)
    {
        var world = new World();
        Assert.Equal("10.77.0.100", world.Bind(Other));
        Assert.Equal(expected, world.Handle(Client.Packet(DhcpMessageType.Request, requested: requested)).Reply);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Renewing_and_rebinding_extend_the_lease_and_are_answered_at_ciaddr(bool unicast)
    {
        var world = new World();
        world.Bind();
        world.Now += TimeSpan.FromMinutes(30);
        var packet = Client.Packet(DhcpMessageType.Request, ciaddr: "10.77.0.100");
        var ack = world.Handle(packet, unicast);
        Assert.Equal((DhcpMessageType.Ack, TimeSpan.FromHours(1)), (ack.Reply, ack.LeaseTime));
        Assert.True(ack.NeedsJournal);
        Assert.Equal(new ReplyRoute.Unicast(Ipv4Address.Parse("10.77.0.100"), 68), ReplyRoute.Of(packet, MacAddress.Parse(Client.Mac), ack));
    }

    [Fact]
    public void A_renewal_early_in_the_lease_is_answered_with_its_rest_and_without_a_write()
    {
        var world = new World();
        world.Bind();
        world.Now += TimeSpan.FromMinutes(5);
        var ack = world.Handle(Client.Packet(DhcpMessageType.Request, ciaddr: "10.77.0.100"));
        Assert.Empty(ack.Changes);
        Assert.Equal(TimeSpan.FromMinutes(55), ack.LeaseTime);
    }

    [Fact]
    public void An_early_renewal_of_a_lease_that_is_not_yet_durable_waits_for_the_journal_too()
    {
        var world = new World();
        var ack = world.Decide(Client.Packet(DhcpMessageType.Request, requested: "10.77.0.100"));
        world.Table.Put(Assert.Single(ack.Changes));
        Assert.True(world.Decide(Client.Packet(DhcpMessageType.Request, requested: "10.77.0.100")).NeedsJournal);
        world.Table.Revert(ack.Changes[0]);
        Assert.Null(world.Table.At(Ipv4Address.Parse("10.77.0.100")));
    }

    [Fact]
    public void A_lost_journal_does_not_stop_a_renewal_of_an_address_nobody_has()
    {
        var ack = new World().Handle(Client.Packet(DhcpMessageType.Request, ciaddr: "10.77.0.102"), unicast: true);
        Assert.Equal(DhcpMessageType.Ack, ack.Reply);
    }

    [Fact]
    public void A_refused_renewal_from_behind_a_router_is_left_to_its_relay()
    {
        var world = new World();
        Assert.Equal(DhcpMessageType.None, world.Handle(Client.Packet(DhcpMessageType.Request, ciaddr: "10.88.0.200"), unicast: true).Reply);
        Assert.Equal(DhcpMessageType.Nak, world.Handle(Client.Packet(DhcpMessageType.Request, ciaddr: "10.88.0.200", relay: "10.88.0.1")).Reply);
        Assert.Equal(DhcpMessageType.Ack, world.Handle(Client.Packet(DhcpMessageType.Request, ciaddr: "10.88.0.12"), unicast: true).Reply);
    }

    [Fact]
    public void Inform_gets_options_but_no_lease()
    {
        var world = new World();
        var packet = Client.Packet(DhcpMessageType.Inform, ciaddr: "10.77.0.77");
        var ack = world.Handle(packet, unicast: true);
        Assert.Equal((DhcpMessageType.Ack, true, null), (ack.Reply, ack.Address.IsAny, ack.LeaseTime));
        Assert.Empty(ack.Changes);
        Assert.Equal(new ReplyRoute.Unicast(Ipv4Address.Parse("10.77.0.77"), 68), ReplyRoute.Of(packet, MacAddress.Parse(Client.Mac), ack));
    }

    [Fact]
    public void A_declined_address_is_left_alone_for_ten_minutes()
    {
        var world = new World();
        world.Bind();
        var decline = world.Handle(Client.Packet(DhcpMessageType.Decline, requested: "10.77.0.100", server: "10.77.0.1"));
        Assert.Equal((DhcpMessageType.None, true), (decline.Reply, decline.NeedsJournal));
        Assert.Equal("10.77.0.101", world.Bind());
        Assert.Equal(DhcpMessageType.Nak, world.Handle(Client.Packet(DhcpMessageType.Request, Other, requested: "10.77.0.100")).Reply);
        world.Now += TimeSpan.FromSeconds(601);
        Assert.Equal(DhcpMessageType.Ack, world.Handle(Client.Packet(DhcpMessageType.Request, Other, requested: "10.77.0.100")).Reply);
    }

    [Fact]
    public void Nobody_declines_or_releases_an_address_of_another()
    {
        var world = new World();
        world.Bind();
        Assert.Empty(world.Handle(Client.Packet(DhcpMessageType.Decline, Other, "10.77.0.100", "10.77.0.1")).Changes);
        Assert.Empty(world.Handle(Client.Packet(DhcpMessageType.Release, Other, server: "10.77.0.1", ciaddr: "10.77.0.100")).Changes);
        Assert.True(world.Table.At(Ipv4Address.Parse("10.77.0.100"))!.IsLive(world.Now));
    }

    [Fact]
    public void A_released_address_is_remembered_for_its_client_until_the_pool_needs_it()
    {
        var world = new World();
        world.Bind();
        world.Handle(Client.Packet(DhcpMessageType.Release, server: "10.77.0.1", ciaddr: "10.77.0.100"));
        Assert.Equal("10.77.0.101", world.Bind(Other));
        Assert.Equal("10.77.0.100", world.Bind());
        world.Handle(Client.Packet(DhcpMessageType.Release, server: "10.77.0.1", ciaddr: "10.77.0.100"));
        Assert.Equal("10.77.0.102", world.Bind("52:54:00:00:00:03"));
        Assert.Equal("10.77.0.103", world.Bind("52:54:00:00:00:04"));
        Assert.Equal("10.77.0.100", world.Bind("52:54:00:00:00:05"));
        Assert.Equal("no address is free", world.Handle(Client.Packet(DhcpMessageType.Discover)).Reason);
    }

    [Fact]
    public void The_stages_of_a_netboot_keep_one_address_whatever_identifier_each_sends()
    {
        var world = new World();
        Assert.Equal("10.77.0.100", world.Bind(vendorClass: Client.Pxe));
        Assert.Equal("10.77.0.100", world.Bind(clientId: "01525400000001", vendorClass: Client.Pxe));
        Assert.Equal("10.77.0.100", world.Bind(clientId: "ff00112233445566"));
        Assert.Equal("10.77.0.100", world.Bind());
        Assert.Single(world.Table.All);
    }

    [Fact]
    public void A_netboot_takes_over_what_the_installed_system_had()
    {
        var world = new World();
        Assert.Equal("10.77.0.100", world.Bind(clientId: "ff00112233445566"));
        Assert.Equal("10.77.0.100", world.Bind(vendorClass: Client.Pxe));
        Assert.Equal("10.77.0.100", world.Bind(clientId: "ff00112233445566"));
    }

    [Fact]
    public void Clients_that_never_netboot_go_by_their_identifier()
    {
        var world = new World();
        Assert.Equal("10.77.0.100", world.Bind(clientId: "ff01"));
        Assert.Equal("10.77.0.101", world.Bind(clientId: "ff02"));
        Assert.Equal("10.77.0.100", world.Bind(Other, clientId: "ff01"));
    }

    [Fact]
    public void A_reservation_lies_anywhere_in_its_network_and_moves_its_client_at_the_next_renewal()
    {
        var world = new World();
        Assert.Equal("10.77.0.100", world.Bind());
        world.Reserve(World.Reservation("10.77.0.7"));
        var nak = world.Handle(Client.Packet(DhcpMessageType.Request, ciaddr: "10.77.0.100"));
        Assert.Equal((DhcpMessageType.Nak, "rebinding: 10.77.0.7 is reserved for the client"), (nak.Reply, nak.Reason));
        Assert.Equal("10.77.0.7", world.Bind());
        Assert.False(world.Table.At(Ipv4Address.Parse("10.77.0.100"))!.IsLive(world.Now));
        Assert.Equal("blade", world.Handle(Client.Packet(DhcpMessageType.Discover)).HostName);
    }

    [Fact]
    public void Nobody_else_gets_a_reserved_address()
    {
        var world = new World(World.Reservation("10.77.0.100", Other));
        Assert.Equal("10.77.0.101", world.Bind());
        Assert.Equal(DhcpMessageType.Nak, world.Handle(Client.Packet(DhcpMessageType.Request, requested: "10.77.0.100")).Reply);
        Assert.Equal("10.77.0.100", world.Bind(Other));
    }

    [Fact]
    public void A_reserved_address_in_use_by_another_is_bridged_by_the_pool_until_it_is_free()
    {
        var world = new World();
        Assert.Equal("10.77.0.100", world.Bind(Other));
        world.Reserve(World.Reservation("10.77.0.100"));
        Assert.Equal("10.77.0.101", world.Bind());
        Assert.Equal(DhcpMessageType.Nak, world.Handle(Client.Packet(DhcpMessageType.Request, Other, ciaddr: "10.77.0.100")).Reply);
        world.Now += TimeSpan.FromMinutes(61);
        Assert.Equal("10.77.0.100", world.Bind());
    }

    [Theory]
    [InlineData("10.88.0.1", null, "10.88.0.10")]
    [InlineData("10.99.0.1", "10.88.0.0", "10.88.0.10")]
    [InlineData("10.88.0.1", "10.77.0.0", "10.77.0.100")]
    [InlineData("10.99.0.1", null, null)]
    [InlineData("10.88.0.1", "10.99.0.0", null)]
    public void A_relay_names_the_network_and_sub_option_5_overrides_it(string relay, string? link, string? expected)
    {
        var packet = Client.Packet(DhcpMessageType.Discover, relay: relay, link: link, broadcast: true);
        var decision = new World().Handle(packet);
        Assert.Equal(expected, decision.Reply is DhcpMessageType.Offer ? decision.Address.ToString() : null);
        Assert.Equal(new ReplyRoute.Unicast(Ipv4Address.Parse(relay), 67), ReplyRoute.Of(packet, MacAddress.Parse(Client.Mac), decision));
    }

    [Fact]
    public void An_offer_goes_to_the_link_and_with_the_broadcast_flag_to_all()
    {
        var mac = MacAddress.Parse(Client.Mac);
        var decision = new World().Handle(Client.Packet(DhcpMessageType.Discover));
        Assert.Equal(new ReplyRoute.Link(mac, decision.Address), ReplyRoute.Of(Client.Packet(DhcpMessageType.Discover), mac, decision));
        Assert.Equal(new ReplyRoute.Broadcast(), ReplyRoute.Of(Client.Packet(DhcpMessageType.Discover, broadcast: true), mac, decision));

        // ciaddr in a DISCOVER is a buggy client's: not trusted.
        Assert.Equal(new ReplyRoute.Link(mac, decision.Address), ReplyRoute.Of(Client.Packet(DhcpMessageType.Discover, ciaddr: "10.77.0.9"), mac, decision));
        Assert.Equal(new ReplyRoute.Broadcast(), ReplyRoute.Of(
            Client.Packet(DhcpMessageType.Request, ciaddr: "10.77.0.9"), mac, decision with { Reply = DhcpMessageType.Nak }));
    }

    [Fact]
    public void A_reply_an_unknown_type_and_a_request_for_nothing_are_ignored_with_a_reason()
    {
        var world = new World();
        Assert.Equal("a reply, not a request", world.Handle(Client.Packet(DhcpMessageType.Discover) with { Op = DhcpOp.Reply }).Reason);
        Assert.Contains("option 53", world.Handle(Client.Packet(DhcpMessageType.None)).Reason, StringComparison.Ordinal);
        Assert.Contains("asks for no address", world.Handle(Client.Packet(DhcpMessageType.Request)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_fixed_address_of_a_system_is_leased_to_nobody_but_who_has_it_reserved()
    {
        const string Other = "52:54:00:00:00:09";
        var world = new World();
        var fixedAddresses = new[] { "10.77.0.100", "10.77.0.101", "10.77.0.102", "fd00::1" }.Select(IPAddress.Parse);
        world.Use(AddressingSnapshot.Compile([World.Lab, World.Far], [World.Reservation("10.77.0.102")], [World.Own.ToIPAddress()], [], fixedAddresses));
        Assert.Equal("10.77.0.102", world.Bind());
        Assert.Equal("10.77.0.103", world.Bind(Other));
        Assert.Equal(DhcpMessageType.Nak, world.Decide(Client.Packet(DhcpMessageType.Request, Other, requested: "10.77.0.100")).Reply);
        Assert.Equal(DhcpMessageType.None, world.Decide(Client.Packet(DhcpMessageType.Discover, "52:54:00:00:00:0a", requested: "10.77.0.101")).Reply);
    }
}
