using System.Diagnostics;
using System.Globalization;
using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Tests.Addressing;

/// <summary>A neighbour that forges packets until the pools are empty. The lab's pool has four addresses.</summary>
public sealed class AddressingFloodTests
{
    private const string Declared = "52:54:00:aa:00:01";
    private const string AlsoDeclared = "52:54:00:aa:00:02";
    private const int Forged = 50;

    [Theory]
    [InlineData(DhcpMessageType.Discover)]
    [InlineData(DhcpMessageType.Request)]
    public void Forged_macs_leave_an_address_for_each_declared_machine(DhcpMessageType flood)
    {
        var world = new World();
        world.Declare([Declared, AlsoDeclared]);
        for (var i = 0; i < Forged; i++)
        {
            world.Handle(flood is DhcpMessageType.Discover
                ? Client.Packet(flood, Mac(i))
                : Client.Packet(flood, Mac(i), requested: $"10.77.0.{100 + (i % 4)}"));
        }

        Assert.Equal(2, world.Table.All.Count(l => l.IsLive(world.Now)));
        world.Bind(Declared);
        Assert.Equal("no address is free for a client that has no document", world.Handle(Client.Packet(DhcpMessageType.Discover, Mac(99))).Reason);
        world.Bind(AlsoDeclared);
    }

    [Fact]
    public void What_strangers_hold_stays_theirs_and_what_a_declared_machine_has_is_kept_no_more()
    {
        var world = new World();
        world.Declare([Declared]);
        world.Bind(Declared);
        string[] bound = [world.Bind(Mac(1)), world.Bind(Mac(2)), world.Bind(Mac(3))];
        Assert.Equal(DhcpMessageType.None, world.Handle(Client.Packet(DhcpMessageType.Discover, Mac(4))).Reply);
        Assert.Equal(DhcpMessageType.Ack, world.Handle(Client.Packet(DhcpMessageType.Request, Mac(3), ciaddr: bound[2])).Reply);
        world.Now += TimeSpan.FromHours(2);
        Assert.Equal(DhcpMessageType.Offer, world.Handle(Client.Packet(DhcpMessageType.Discover, Mac(4))).Reply);
    }

    [Fact]
    public void Of_addresses_that_were_used_before_some_are_kept_as_well()
    {
        var world = new World();
        for (var i = 0; i < 4; i++)
        {
            world.Bind(Mac(i));
        }

        world.Declare([Declared]);
        world.Now += TimeSpan.FromHours(2);
        for (var i = 10; i < 10 + Forged; i++)
        {
            world.Handle(Client.Packet(DhcpMessageType.Discover, Mac(i)));
        }

        Assert.Equal(3, world.Table.All.Count(l => l.IsLive(world.Now)));
        world.Bind(Declared);
    }

    /// <summary>More machines than addresses: strangers are clients as well, and may have half.</summary>
    [Fact]
    public void At_most_half_of_the_pools_is_kept()
    {
        var world = new World();
        world.Declare([.. Enumerable.Range(0, 20).Select(i => $"52:54:00:aa:00:{i:x2}")]);
        world.Bind(Mac(1));
        world.Bind(Mac(2));
        Assert.Equal(DhcpMessageType.None, world.Handle(Client.Packet(DhcpMessageType.Discover, Mac(3))).Reply);
    }

    [Fact]
    public void A_forged_declared_mac_takes_one_address_whatever_client_identifiers_it_sends()
    {
        var world = new World();
        world.Declare([Declared, AlsoDeclared]);
        for (var i = 0; i < Forged; i++)
        {
            world.Handle(Client.Packet(DhcpMessageType.Request, Declared, requested: $"10.77.0.{100 + (i % 4)}", clientId: i.ToString("x8", CultureInfo.InvariantCulture)));
        }

        Assert.Single(world.Table.All, l => l.IsLive(world.Now));
        world.Bind(AlsoDeclared);
    }

    [Fact]
    public void A_client_that_declines_one_address_after_the_other_is_not_believed()
    {
        var world = new World();
        world.Declare([Declared, AlsoDeclared]);
        for (var i = 0; i < Forged; i++)
        {
            var offer = world.Handle(Client.Packet(DhcpMessageType.Discover, Declared, relay: "10.88.0.1"));
            world.Handle(Client.Packet(DhcpMessageType.Request, Declared, offer.Address.ToString(), World.Own.ToString(), relay: "10.88.0.1"));
            world.Handle(Client.Packet(DhcpMessageType.Decline, Declared, offer.Address.ToString(), World.Own.ToString(), relay: "10.88.0.1"));
        }

        Assert.Equal(4, world.Table.All.Count(l => l.State is LeaseState.Declined));
        Assert.Equal(DhcpMessageType.Offer, world.Handle(Client.Packet(DhcpMessageType.Discover, AlsoDeclared, relay: "10.88.0.1")).Reply);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("10.77.0.9")]
    public void A_declared_machine_gets_an_address_again_after_a_decline_was_forged_in_its_name(string? reserved)
    {
        var world = new World();
        world.Declare([Declared], reserved is null ? [] : [World.Reservation(reserved, Declared)]);
        for (var i = 0; i < Forged; i++)
        {
            world.Handle(Client.Packet(DhcpMessageType.Discover, Mac(i)));
        }

        var address = world.Bind(Declared);
        world.Handle(Client.Packet(DhcpMessageType.Decline, Declared, address, World.Own.ToString()));
        Assert.Equal(LeaseState.Declined, world.Table.At(Ipv4Address.Parse(address))!.State);
        Assert.Equal(address, world.Bind(Declared));

        // A forged DECLINE helps nobody else to the address.
        world.Handle(Client.Packet(DhcpMessageType.Decline, Declared, address, World.Own.ToString()));
        Assert.Equal(DhcpMessageType.Nak, world.Handle(Client.Packet(DhcpMessageType.Request, Mac(77), requested: address)).Reply);
    }

    /// <summary>The reply goes to giaddr: these would make it a broadcast, a multicast, or a packet to ourselves.</summary>
    [Theory]
    [InlineData("255.255.255.255")]
    [InlineData("224.0.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.9")]
    [InlineData("10.88.0.255")]
    [InlineData("10.77.0.1")]
    public void No_relay_has_such_an_address(string relay)
    {
        var world = new World();
        Assert.Equal("no relay has the address in giaddr", world.Handle(Client.Packet(DhcpMessageType.Discover, relay: relay, link: "10.88.0.0")).Reason);
        Assert.Equal(0, world.Table.Count);
    }

    /// <summary>A look at each lease of the pool with each packet would take the server minutes here.</summary>
    [Fact]
    public void A_flood_on_a_full_pool_of_thousands_is_refused_at_once()
    {
        var world = new World();
        var pool = new AddressPool(IPAddress.Parse("10.77.0.100"), IPAddress.Parse("10.77.255.250"));
        world.Use(AddressingSnapshot.Compile([World.Lab with { Subnet = IPNetwork.Parse("10.77.0.0/16"), Pools = [pool] }], [], [World.Own.ToIPAddress()], [MacAddress.Parse(Declared)]));
        world.Bind(Declared);
        for (var i = 0; ; i++)
        {
            if (world.Handle(Client.Packet(DhcpMessageType.Discover, Many(i))).Reply is DhcpMessageType.None)
            {
                break;
            }
        }

        var clock = Stopwatch.StartNew();
        for (var i = 70_000; i < 80_000; i++)
        {
            Assert.Equal(DhcpMessageType.None, world.Handle(Client.Packet(DhcpMessageType.Discover, Many(i))).Reply);
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"10000 packets took {clock.Elapsed.TotalSeconds:0.0} s");

        // Once the offers have ended, each packet takes one of them.
        world.Now += TimeSpan.FromMinutes(2);
        clock.Restart();
        for (var i = 80_000; i < 90_000; i++)
        {
            Assert.Equal(DhcpMessageType.Offer, world.Handle(Client.Packet(DhcpMessageType.Discover, Many(i))).Reply);
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"10000 offers took {clock.Elapsed.TotalSeconds:0.0} s");
    }

    private static string Mac(int i) => $"02:00:00:00:00:{i:x2}";

    private static string Many(int i) => $"02:00:00:{i >> 16:x2}:{(i >> 8) & 0xff:x2}:{i & 0xff:x2}";
}
