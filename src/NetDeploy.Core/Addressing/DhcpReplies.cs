using NetDeploy.Core.Boot;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>A decision as a packet (RFC 2131 section 4.3.1, table 3).</summary>
public static class DhcpReplies
{
    /// <summary>Most important options first: the encoder leaves out from the end where a client's buffer is small.</summary>
    public static DhcpPacket Build(DhcpPacket request, BootClient client, AddressingDecision decision, Ipv4Address ownAddress, BootOffer? boot)
    {
        var options = new DhcpOptionsBuilder()
            .Add(decision.Reply)
            .Add(DhcpOptionCode.ServerIdentifier, ownAddress);
        var isNak = decision.Reply is DhcpMessageType.Nak;
        var reply = new DhcpPacket
        {
            Op = DhcpOp.Reply,
            HardwareType = request.HardwareType,
            HardwareAddress = request.HardwareAddress,
            TransactionId = request.TransactionId,

            // The relay shall broadcast a NAK: the client may not have the address any more (section 4.3.2).
            Flags = isNak && !request.RelayAddress.IsAny ? (ushort)(request.Flags | DhcpConstants.BroadcastFlag) : request.Flags,
            ClientAddress = decision.AnswersClientAddress ? request.ClientAddress : Ipv4Address.Any,
            YourAddress = decision.Address,
            ServerAddress = boot is null ? Ipv4Address.Any : ownAddress,
            RelayAddress = request.RelayAddress,
        };

        if (isNak)
        {
            options.Add(DhcpOptionCode.Message, decision.Reason.Length <= 200 ? decision.Reason : decision.Reason[..200]);
        }
        else
        {
            AddLease(options, decision);
            AddNetwork(options, decision.Subnet!);
            reply = boot is null ? reply : BootOptions.Apply(reply, options, request, client, boot);
            AddExtras(options, decision);
        }

        options.Echo(DhcpOptionCode.ClientIdentifier, request.Options)
            .Echo(DhcpOptionCode.RelayAgentInformation, request.Options);
        return reply with { Options = options.Build() };
    }

    private static void AddLease(DhcpOptionsBuilder options, AddressingDecision decision)
    {
        if (decision.LeaseTime is { } time)
        {
            var seconds = (uint)time.TotalSeconds;
            options.Add(DhcpOptionCode.LeaseTime, seconds)
                .Add(DhcpOptionCode.RenewalTime, seconds / 2)
                .Add(DhcpOptionCode.RebindingTime, (uint)((ulong)seconds * 7 / 8));
        }
    }

    private static void AddNetwork(DhcpOptionsBuilder options, Subnet subnet)
    {
        options.Add(DhcpOptionCode.SubnetMask, subnet.Mask);
        if (subnet.Spec.Router is not null)
        {
            options.Add(DhcpOptionCode.Router, Ipv4Address.From(subnet.Spec.Router));
        }

        options.Add(DhcpOptionCode.DnsServers, subnet.Spec.DnsServers.Select(Ipv4Address.From));
    }

    private static void AddExtras(DhcpOptionsBuilder options, AddressingDecision decision)
    {
        if (decision.HostName is { Length: > 0 } name)
        {
            options.Add(DhcpOptionCode.HostName, name);
        }

        if (decision.Subnet!.Spec.Domain is { Length: > 0 } domain)
        {
            options.Add(DhcpOptionCode.DomainName, domain);
        }

        options.Add(DhcpOptionCode.BroadcastAddress, decision.Subnet.BroadcastAddress);
    }
}
