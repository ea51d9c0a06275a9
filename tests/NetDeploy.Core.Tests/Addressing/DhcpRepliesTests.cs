using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Tests.Addressing;

public sealed class DhcpRepliesTests
{
    [Fact]
    public void An_ack_says_everything_of_the_network_and_echoes_61_and_82()
    {
        var request = Client.Packet(DhcpMessageType.Request, requested: "10.77.0.100", clientId: "ff0102", link: "10.77.0.0", relay: "10.77.0.9");
        var reply = Reply(new World(), request);
        var o = reply.Options;
        Assert.Equal((DhcpMessageType.Ack, "10.77.0.100", "10.77.0.9"), (reply.MessageType, reply.YourAddress.ToString(), reply.RelayAddress.ToString()));
        Assert.Equal("10.77.0.1", o.ServerIdentifier.ToString());
        Assert.Equal(3600u, o.LeaseSeconds);
        Assert.Equal("255.255.255.0", o.Address(DhcpOptionCode.SubnetMask).ToString());
        Assert.Equal("10.77.0.254", o.Address(DhcpOptionCode.Router).ToString());
        Assert.Equal("10.77.0.2", o.Address(DhcpOptionCode.DnsServers).ToString());
        Assert.Equal("10.77.0.255", o.Address(DhcpOptionCode.BroadcastAddress).ToString());
        Assert.Equal("lab.example", o.Text(DhcpOptionCode.DomainName));
        Assert.Equal("ff0102", o.ClientIdentifier);
        Assert.Equal(DhcpOptionCode.RelayAgentInformation, o.All[^1].Code);
        Assert.True(reply.ServerAddress.IsAny);
    }

    [Fact]
    public void A_relayed_nak_carries_the_broadcast_flag_and_its_reason_and_nothing_of_a_lease()
    {
        var reply = Reply(new World(), Client.Packet(DhcpMessageType.Request, requested: "192.168.1.1", relay: "10.77.0.9"));
        Assert.Equal((DhcpMessageType.Nak, true, true), (reply.MessageType, reply.WantsBroadcast, reply.YourAddress.IsAny));
        Assert.Contains("192.168.1.1", reply.Options.Text(DhcpOptionCode.Message), StringComparison.Ordinal);
        Assert.Null(reply.Options.LeaseSeconds);
        Assert.False(reply.Options.Has(DhcpOptionCode.SubnetMask));
    }

    [Fact]
    public void The_answer_to_an_inform_has_no_lease_time_and_no_address()
    {
        var reply = Reply(new World(), Client.Packet(DhcpMessageType.Inform, ciaddr: "10.77.0.50"));
        Assert.Equal((DhcpMessageType.Ack, true, "10.77.0.50"), (reply.MessageType, reply.YourAddress.IsAny, reply.ClientAddress.ToString()));
        Assert.False(reply.Options.Has(DhcpOptionCode.LeaseTime));
        Assert.True(reply.Options.Has(DhcpOptionCode.Router));
    }

    private static DhcpPacket Reply(World world, DhcpPacket request)
    {
        Assert.True(BootClientReader.TryRead(request, out var client, out _));
        return DhcpReplies.Build(request, client, world.Handle(request), World.Own, null);
    }
}
