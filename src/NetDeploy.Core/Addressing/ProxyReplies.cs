using NetDeploy.Core.Boot;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>A boot file without an address, as a packet: yiaddr stays 0, and nothing in it describes the network.</summary>
public static class ProxyReplies
{
    public static DhcpPacket Build(DhcpPacket request, BootClient client, AddressingDecision decision, Ipv4Address ownAddress, BootOffer boot)
    {
        var options = new DhcpOptionsBuilder()
            .Add(decision.Reply)
            .Add(DhcpOptionCode.ServerIdentifier, ownAddress);
        AddBootFile(options, request, client, decision, ownAddress, boot);
        options.Echo(DhcpOptionCode.ClientIdentifier, request.Options)
            .Echo(DhcpOptionCode.RelayAgentInformation, request.Options);
        return new DhcpPacket
        {
            Op = DhcpOp.Reply,
            HardwareType = request.HardwareType,
            HardwareAddress = request.HardwareAddress,
            TransactionId = request.TransactionId,

            // A relay that took the flags at their word would send it to yiaddr, which is nobody.
            Flags = request.RelayAddress.IsAny ? request.Flags : (ushort)(request.Flags | DhcpConstants.BroadcastFlag),
            ClientAddress = decision.AnswersClientAddress ? request.ClientAddress : Ipv4Address.Any,
            ServerAddress = ownAddress,
            RelayAddress = request.RelayAddress,
            ServerName = ownAddress.ToString(),
            BootFile = boot.File,
            Options = options.Build(),
        };
    }

    /// <summary>
    /// Option 60 is what makes it a ProxyDHCP answer, for iPXE too. A BIOS is told by option 43 to take the file of this answer. UEFI is
    /// not: it asks on port 4011 then, since some of it ignores that bypass.
    /// </summary>
    private static void AddBootFile(
        DhcpOptionsBuilder options, DhcpPacket request, BootClient client, AddressingDecision decision, Ipv4Address ownAddress, BootOffer boot)
    {
        if (client.Stage is BootStage.Http)
        {
            options.Add(DhcpOptionCode.VendorClass, PxeOptions.HttpClient)
                .Add(DhcpOptionCode.BootFile, boot.File)
                .Echo(DhcpOptionCode.ClientMachineIdentifier, request.Options);
            return;
        }

        options.Add(DhcpOptionCode.VendorClass, PxeOptions.PxeClient);
        if (request.Options.RequestedBootItem is { IsEmpty: false } item && decision.Reply is DhcpMessageType.Ack)
        {
            options.Add(DhcpOptionCode.VendorSpecific, PxeOptions.AnsweredBootItem(item.Span));
        }
        else if (client.Stage is BootStage.Pxe && BootFirmware.Of(client) is not { IsUefi: true })
        {
            options.Add(DhcpOptionCode.VendorSpecific, PxeOptions.BootFileOnly());
        }

        options.Echo(DhcpOptionCode.ClientMachineIdentifier, request.Options)
            .AddTerminated(DhcpOptionCode.TftpServerName, ownAddress.ToString())
            .AddTerminated(DhcpOptionCode.BootFile, boot.File);
    }
}
