using System.Collections.Immutable;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Tests.Addressing;

/// <summary>Beside another DHCP server: who is answered on which port, with what, and that nobody gets an address.</summary>
public sealed class ProxyTests
{
    private const string Main = "10.77.0.2";
    private static readonly Ipv4Address s_client = Ipv4Address.Parse("10.77.0.150");

    private readonly World _world = new();

    public ProxyTests() => Use(NetworkMode.Proxy);

    [Theory]
    [InlineData("PXEClient:Arch:00000:UNDI:002001", 0, "undionly.kpxe", "PXEClient", "060108ff")]
    [InlineData("PXEClient:Arch:00007:UNDI:003016", 7, "bootnetx64.efi", "PXEClient", null)]
    [InlineData("PXEClient:Arch:00011:UNDI:003016", 11, "loader.efi", "PXEClient", null)]
    [InlineData("HTTPClient:Arch:00016:UNDI:003016", 16, "http://10.77.0.1:8080/boot/loaders/snponly.efi", "HTTPClient", null)]
    public void Firmware_hears_of_its_boot_file_and_of_no_address(string vendor, ushort architecture, string file, string vendorClass, string? vendorSpecific)
    {
        var request = Boot(DhcpMessageType.Discover, vendor, architecture);
        var decision = _world.Decide(request);
        Assert.Equal((DhcpMessageType.Offer, true), (decision.Reply, decision.IsProxied));
        Assert.Empty(decision.Changes);

        var reply = Reply(request, decision, file);
        Assert.Equal((Ipv4Address.Any, World.Own, "10.77.0.1", file), (reply.YourAddress, reply.ServerAddress, reply.ServerName, reply.BootFile));
        Assert.Equal(vendorClass, reply.Options.VendorClass);
        Assert.Equal(vendorSpecific, Hex(reply, DhcpOptionCode.VendorSpecific));
        Assert.Equal("00" + new string('7', 32), Hex(reply, DhcpOptionCode.ClientMachineIdentifier));
        Assert.Equal(World.Own, reply.Options.ServerIdentifier);
        Assert.Equal(file, reply.Options.Text(DhcpOptionCode.BootFile));
        foreach (var code in (DhcpOptionCode[])[DhcpOptionCode.SubnetMask, DhcpOptionCode.Router, DhcpOptionCode.DnsServers, DhcpOptionCode.LeaseTime, DhcpOptionCode.DomainName])
        {
            Assert.False(reply.Options.Has(code), code.ToString());
        }
    }

    [Fact]
    public void Ipxe_sees_a_proxy_by_its_vendor_class_and_takes_the_script_from_the_offer_itself()
    {
        var request = Client.Packet(
            DhcpMessageType.Discover, vendorClass: Client.Pxe, more: o => o.Add(DhcpOptionCode.UserClass, "iPXE").Add(DhcpOptionCode.ClientArchitecture, (byte[])[0, 7]));
        var reply = Reply(request, _world.Decide(request), "http://10.77.0.1:8080/boot/script");
        Assert.Equal(("PXEClient", "http://10.77.0.1:8080/boot/script", World.Own), (reply.Options.VendorClass, reply.BootFile, reply.ServerAddress));
        Assert.Null(Hex(reply, DhcpOptionCode.VendorSpecific));
        // It would tell iPXE to look for no proxy.
        Assert.False(reply.Options.Has(DhcpOptionCode.Ipxe));
    }

    [Fact]
    public void An_offer_is_broadcast_since_the_client_has_no_address_and_a_relays_goes_to_the_relay()
    {
        var here = Boot(DhcpMessageType.Discover, Client.Pxe, 0);
        Assert.IsType<ReplyRoute.Broadcast>(Route(here));
        var relayed = here with { RelayAddress = Ipv4Address.Parse("10.88.0.1") };
        Use(NetworkMode.Proxy, World.Far with { Mode = NetworkMode.Proxy, Pools = [] });
        Assert.Equal(new ReplyRoute.Unicast(Ipv4Address.Parse("10.88.0.1"), 67), Route(relayed));
        var reply = Reply(relayed, _world.Decide(relayed), "undionly.kpxe");
        Assert.True(reply.WantsBroadcast);
        Assert.Equal(relayed.RelayAddress, reply.RelayAddress);

        ReplyRoute Route(DhcpPacket packet) => ReplyRoute.Of(packet, packet.Mac!.Value, _world.Decide(packet));
    }

    [Fact]
    public void On_port_4011_the_request_is_acknowledged_where_it_came_from_and_ciaddr_is_kept()
    {
        var request = Boot(DhcpMessageType.Request, "PXEClient:Arch:00007:UNDI:003016", 7) with { ClientAddress = s_client };
        var decision = _world.Decide(request, BootPort());
        Assert.Equal((DhcpMessageType.Ack, true), (decision.Reply, decision.IsProxied));
        Assert.Equal(new ReplyRoute.Unicast(s_client, 68), ReplyRoute.Of(request, request.Mac!.Value, decision));
        var reply = Reply(request, decision, "bootnetx64.efi");
        Assert.Equal((s_client, Ipv4Address.Any, "bootnetx64.efi", World.Own), (reply.ClientAddress, reply.YourAddress, reply.BootFile, reply.ServerAddress));
        Assert.Null(Hex(reply, DhcpOptionCode.VendorSpecific));
    }

    [Theory]
    [InlineData("192.0.2.7", "10.77.0.150")]
    [InlineData("10.88.0.7", "10.77.0.150")]
    [InlineData("192.0.2.7", "0.0.0.0")]
    public void On_port_4011_nobody_outside_the_network_is_sent_anything(string source, string ciaddr)
    {
        Use(NetworkMode.Proxy, World.Far with { Mode = NetworkMode.Proxy, Pools = [] });
        var request = Boot(DhcpMessageType.Request, Client.Pxe, 7) with { ClientAddress = Ipv4Address.Parse(ciaddr) };

        Assert.Equal(DhcpMessageType.None, _world.Decide(request, BootPort() with { Source = Ipv4Address.Parse(source) }).Reply);
    }

    [Fact]
    public void A_bios_that_looks_for_a_boot_item_gets_that_item()
    {
        var request = Boot(DhcpMessageType.Request, Client.Pxe, 0, o => o.Add(DhcpOptionCode.VendorSpecific, Convert.FromHexString("470400010000ff"))) with { ClientAddress = s_client };
        Assert.Equal("470400010000ff", Hex(Reply(request, _world.Decide(request, BootPort()), "undionly.kpxe"), DhcpOptionCode.VendorSpecific));
    }

    [Theory]
    [InlineData("discover of a system")]
    [InlineData("request to the main server")]
    [InlineData("renewal")]
    [InlineData("inform")]
    [InlineData("release")]
    [InlineData("system on 4011")]
    [InlineData("discover on 4011")]
    public void Whatever_belongs_to_the_main_server_is_left_to_it(string what)
    {
        var (packet, ingress) = what switch
        {
            "discover of a system" => (Client.Packet(DhcpMessageType.Discover), Port67),
            "request to the main server" => (Boot(DhcpMessageType.Request, Client.Pxe, 0, server: Main, requested: "10.77.0.150"), Port67),
            "renewal" => (Client.Packet(DhcpMessageType.Request, ciaddr: "10.77.0.150"), Port67 with { Unicast = true }),
            "inform" => (Boot(DhcpMessageType.Inform, Client.Pxe, 0) with { ClientAddress = s_client }, Port67),
            "release" => (Client.Packet(DhcpMessageType.Release, ciaddr: "10.77.0.150"), Port67),
            "system on 4011" => (Client.Packet(DhcpMessageType.Request, ciaddr: "10.77.0.150"), BootPort()),
            _ => (Boot(DhcpMessageType.Discover, Client.Pxe, 0), BootPort()),
        };
        var decision = _world.Decide(packet, ingress);
        Assert.Equal(DhcpMessageType.None, decision.Reply);
        Assert.Empty(decision.Changes);
    }

    [Fact]
    public void The_main_server_is_known_by_the_client_that_takes_its_offer()
    {
        Assert.Equal(Ipv4Address.Parse(Main), _world.Decide(Boot(DhcpMessageType.Request, Client.Pxe, 0, server: Main, requested: "10.77.0.150")).ForeignServer);
        Assert.Null(_world.Decide(Boot(DhcpMessageType.Request, Client.Pxe, 0, server: World.Own.ToString(), requested: "10.77.0.150")).ForeignServer);
        Use(NetworkMode.Authoritative);
        Assert.Equal(Ipv4Address.Parse(Main), _world.Decide(Client.Packet(DhcpMessageType.Request, server: Main, requested: "10.77.0.150")).ForeignServer);
    }

    [Fact]
    public void Port_4011_is_for_proxies_alone()
    {
        var request = Boot(DhcpMessageType.Request, Client.Pxe, 0) with { ClientAddress = s_client };
        Use(NetworkMode.Authoritative);
        Assert.Equal(DhcpMessageType.None, _world.Decide(request, BootPort()).Reply);
    }

    [Fact]
    public void A_shadow_sends_nothing_and_knows_what_it_would_have_said()
    {
        Use(NetworkMode.Shadow, pools: true);
        var discover = _world.Decide(Boot(DhcpMessageType.Discover, Client.Pxe, 0));
        Assert.Equal((DhcpMessageType.None, DhcpMessageType.Offer, "10.77.0.100"), (discover.Reply, discover.Shadowed!.Reply, discover.Shadowed.Address.ToString()));
        Assert.Empty(discover.Changes);
        Assert.Empty(discover.Shadowed.Changes);
        Assert.False(discover.NeedsJournal);

        Use(NetworkMode.Shadow);
        var without = _world.Decide(Boot(DhcpMessageType.Discover, Client.Pxe, 0));
        Assert.Equal((DhcpMessageType.None, DhcpMessageType.Offer, true), (without.Reply, without.Shadowed!.Reply, without.Shadowed.IsProxied));
        Assert.Equal(DhcpMessageType.None, _world.Decide(Client.Packet(DhcpMessageType.Discover)).Shadowed!.Reply);
    }

    private static Ingress Port67 { get; } = new("eth0", World.Own, false);

    private static Ingress BootPort() => new("eth0", World.Own, true) { Port = DhcpConstants.BootServerPort, Source = s_client };

    private void Use(NetworkMode mode, NetworkSpec? more = null, bool pools = false) =>
        _world.Use(AddressingSnapshot.Compile(
            [World.Lab with { Mode = mode, Pools = pools || mode == NetworkMode.Authoritative ? World.Lab.Pools : [] }, .. more is null ? ImmutableArray<NetworkSpec>.Empty : [more]],
            [], [World.Own.ToIPAddress()]));

    private static DhcpPacket Boot(
        DhcpMessageType type, string vendor, ushort architecture, Action<DhcpOptionsBuilder>? more = null, string? server = null, string? requested = null) =>
        Client.Packet(type, vendorClass: vendor, server: server, requested: requested, more: o =>
        {
            o.Add(DhcpOptionCode.ClientArchitecture, (byte[])[(byte)(architecture >> 8), (byte)architecture])
                .Add(DhcpOptionCode.ClientMachineIdentifier, Convert.FromHexString("00" + new string('7', 32)));
            more?.Invoke(o);
        });

    private static DhcpPacket Reply(DhcpPacket request, AddressingDecision decision, string file)
    {
        Assert.True(BootClientReader.TryRead(request, out var client, out _));
        Span<byte> bytes = stackalloc byte[DhcpEncoder.MaximumLength];
        var written = DhcpEncoder.Write(ProxyReplies.Build(request, client, decision, World.Own, new BootOffer(file, "test")), request.Options.MaxMessageSize, bytes);
        Assert.Empty(written.LeftOut);
        Assert.True(DhcpDecoder.TryRead(bytes[..written.Length], out var reply, out _));
        return reply;
    }

    private static string? Hex(DhcpPacket packet, DhcpOptionCode code) => packet.Options.TryGet(code, out var value) ? Convert.ToHexStringLower(value.Span) : null;
}
