using NetDeploy.Core.Boot;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>
/// Beside another DHCP server (PXE 2.1 section 2.2, "ProxyDHCP"): a boot client hears of its boot file, and never of an address. Whether
/// this one is to be told anything is the planner's to say; without a boot file nothing is sent.
/// </summary>
internal static class ProxyRules
{
    public static AddressingDecision Decide(AddressingSnapshot snapshot, DhcpPacket packet, BootClient client, Subnet subnet, Ingress ingress)
    {
        var server = packet.Options.ServerIdentifier;
        if (server is { } named && packet.MessageType is DhcpMessageType.Request && !AddressingRules.IsOurs(snapshot, ingress, named)
            && !(ingress.Port == DhcpConstants.BootServerPort && ingress.Unicast))
        {
            return AddressingDecision.Ignore($"its address is from the server {named}");
        }

        if (client.Stage is BootStage.None)
        {
            return AddressingDecision.Ignore("not a boot client, and addresses are another server's here");
        }

        // The answer goes where the packet says it came from, whatever network its ciaddr names: nobody outside is sent one.
        if (ingress.Port == DhcpConstants.BootServerPort && !subnet.Contains(ingress.Source))
        {
            return AddressingDecision.Ignore($"it asked on port 4011 from {ingress.Source}, which is not on network {subnet.Name}");
        }

        return (ingress.Port, packet.MessageType) switch
        {
            (DhcpConstants.ServerPort, DhcpMessageType.Discover) => Answer(DhcpMessageType.Offer, "a boot file beside another server's address"),
            // Some firmware broadcasts the request for its boot file and names us.
            (DhcpConstants.ServerPort, DhcpMessageType.Request) when server is not null => Answer(DhcpMessageType.Ack, "it chose this server for its boot file"),
            (DhcpConstants.BootServerPort, DhcpMessageType.Request or DhcpMessageType.Inform) when packet.RelayAddress.IsAny && ingress.Source.IsUnicast =>
                Answer(DhcpMessageType.Ack, "it asked on port 4011") with
                {
                    AnswersClientAddress = true,
                    Route = new ReplyRoute.Unicast(ingress.Source, ingress.SourcePort),
                },
            _ => AddressingDecision.Ignore("addresses are another server's here"),
        };
    }

    private static AddressingDecision Answer(DhcpMessageType reply, string reason) => new() { Reply = reply, IsProxied = true, Reason = reason };
}
