using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Tests.Addressing;

/// <summary>Makes the packets of clients.</summary>
internal static class Client
{
    public const string Mac = "52:54:00:00:00:01";

    public const string Pxe = "PXEClient:Arch:00000:UNDI:002001";

    public static DhcpPacket Packet(
        DhcpMessageType type, string mac = Mac, string? requested = null, string? server = null, string? ciaddr = null, string? clientId = null,
        string? vendorClass = null, string? relay = null, string? link = null, bool broadcast = false, Action<DhcpOptionsBuilder>? more = null)
    {
        var options = new DhcpOptionsBuilder().Add(type);
        if (requested is not null)
        {
            options.Add(DhcpOptionCode.RequestedAddress, Ipv4Address.Parse(requested));
        }

        if (server is not null)
        {
            options.Add(DhcpOptionCode.ServerIdentifier, Ipv4Address.Parse(server));
        }

        if (clientId is not null)
        {
            options.Add(DhcpOptionCode.ClientIdentifier, Convert.FromHexString(clientId));
        }

        if (vendorClass is not null)
        {
            options.Add(DhcpOptionCode.VendorClass, vendorClass);
        }

        if (link is not null)
        {
            options.Add(DhcpOptionCode.RelayAgentInformation, (byte[])[1, 1, 9, 5, 4, .. Ipv4Address.Parse(link).ToBytes()]);
        }

        more?.Invoke(options);
        var bytes = new byte[6];
        MacAddress.Parse(mac).CopyTo(bytes);
        return new DhcpPacket
        {
            Op = DhcpOp.Request,
            HardwareAddress = bytes,
            TransactionId = 0x11223344,
            Flags = broadcast ? DhcpConstants.BroadcastFlag : (ushort)0,
            ClientAddress = ciaddr is null ? Ipv4Address.Any : Ipv4Address.Parse(ciaddr),
            RelayAddress = relay is null ? Ipv4Address.Any : Ipv4Address.Parse(relay),
            Options = options.Build(),
        };
    }
}
