using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>Where a reply goes (RFC 2131 section 4.1).</summary>
public abstract record ReplyRoute
{
    /// <summary>To a socket the IP stack can reach: the relay's port 67, or the client's port 68 at an address it uses.</summary>
    public sealed record Unicast(Ipv4Address Address, int Port) : ReplyRoute;

    /// <summary>To 255.255.255.255:68 on the link the packet came from.</summary>
    public sealed record Broadcast : ReplyRoute;

    /// <summary>To a client that does not answer ARP yet: a frame to its MAC, with the address it is about to get.</summary>
    public sealed record Link(MacAddress Mac, Ipv4Address Address) : ReplyRoute;

    /// <summary>The giaddr test comes first: an OFFER to a relay is never broadcast here.</summary>
    public static ReplyRoute Of(DhcpPacket request, MacAddress mac, AddressingDecision decision) =>
        decision.Route is { } known ? known
        : !request.RelayAddress.IsAny ? new Unicast(request.RelayAddress, DhcpConstants.ServerPort)
        : decision.Reply is DhcpMessageType.Nak ? new Broadcast()
        : decision.AnswersClientAddress ? new Unicast(request.ClientAddress, DhcpConstants.ClientPort)
        : request.WantsBroadcast || decision.Address.IsAny ? new Broadcast()
        : new Link(mac, decision.Address);
}
