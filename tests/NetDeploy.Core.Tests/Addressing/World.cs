using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Tests.Addressing;

/// <summary>
/// A server without wires: network lab (10.77.0.0/24, pool .100 to .103) on the link, network far (10.88.0.0/24, pool
/// .10 to .19) behind a relay. Changes are made and confirmed at once.
/// </summary>
internal sealed class World
{
    public static readonly Ipv4Address Own = Ipv4Address.Parse("10.77.0.1");

    public World(params Reservation[] reservations) => Reserve(reservations);

    public AddressingSnapshot Snapshot { get; private set; } = AddressingSnapshot.Empty;

    public LeaseTable Table { get; } = new();

    public DateTimeOffset Now { get; set; } = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    public static NetworkSpec Lab { get; } = new()
    {
        Name = "lab",
        Subnet = IPNetwork.Parse("10.77.0.0/24"),
        Pools = [new AddressPool(IPAddress.Parse("10.77.0.100"), IPAddress.Parse("10.77.0.103"))],
        Router = IPAddress.Parse("10.77.0.254"),
        DnsServers = [IPAddress.Parse("10.77.0.2")],
        Domain = "lab.example",
    };

    public static NetworkSpec Far { get; } = new()
    {
        Name = "far",
        Subnet = IPNetwork.Parse("10.88.0.0/24"),
        Pools = [new AddressPool(IPAddress.Parse("10.88.0.10"), IPAddress.Parse("10.88.0.19"))],
    };

    public static Reservation Reservation(string address, string mac = Client.Mac) => new(MacAddress.Parse(mac), IPAddress.Parse(address), "blade");

    public void Reserve(params Reservation[] reservations) => Declare([], reservations);

    /// <summary>Machines with a document, without a reservation; then those with one.</summary>
    public void Declare(string[] macs, params Reservation[] reservations)
    {
        Use(AddressingSnapshot.Compile([Lab, Far], reservations, [Own.ToIPAddress()], macs.Select(m => MacAddress.Parse(m))));
    }

    public void Use(AddressingCompilation compiled)
    {
        Assert.Empty(compiled.Diagnostics);
        Snapshot = compiled.Snapshot!;
    }

    /// <summary>Decides, and changes nothing.</summary>
    public AddressingDecision Decide(DhcpPacket packet, bool unicast = false) => Decide(packet, new Ingress("eth0", Own, unicast));

    public AddressingDecision Decide(DhcpPacket packet, Ingress ingress)
    {
        Assert.True(BootClientReader.TryRead(packet, out var client, out var reason), reason);
        Table.Use(Snapshot);
        return AddressingRules.Decide(Snapshot, Table, packet, client, ingress, Now);
    }

    /// <summary>Decides, and makes the changes durable.</summary>
    public AddressingDecision Handle(DhcpPacket packet, bool unicast = false)
    {
        var decision = Decide(packet, unicast);
        foreach (var change in decision.Changes)
        {
            Table.Put(change);
            if (change.State is LeaseState.Bound or LeaseState.Released or LeaseState.Declined)
            {
                Table.Confirm(change);
            }
        }

        return decision;
    }

    /// <summary>DISCOVER, OFFER, REQUEST, ACK; the address it got.</summary>
    public string Bind(string mac = Client.Mac, string? clientId = null, string? vendorClass = null)
    {
        var offer = Handle(Client.Packet(DhcpMessageType.Discover, mac, clientId: clientId, vendorClass: vendorClass));
        Assert.Equal(DhcpMessageType.Offer, offer.Reply);
        var ack = Handle(Client.Packet(DhcpMessageType.Request, mac, offer.Address.ToString(), Own.ToString(), clientId: clientId, vendorClass: vendorClass));
        Assert.Equal(DhcpMessageType.Ack, ack.Reply);
        return ack.Address.ToString();
    }
}
