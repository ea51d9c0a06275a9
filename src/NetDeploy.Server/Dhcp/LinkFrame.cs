using System.Buffers.Binary;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Server.Dhcp;

/// <summary>An IPv4 datagram with UDP from port 67 to 68, for a client that cannot answer ARP yet (RFC 791, RFC 768).</summary>
internal static class LinkFrame
{
    public const int HeaderLength = 28;

    private const byte TimeToLive = 64;
    private const byte UdpProtocol = 17;

    /// <summary>Writes the headers before the payload, which lies in the datagram from <see cref="HeaderLength"/> on.</summary>
    public static void WriteHeaders(Span<byte> datagram, Ipv4Address source, Ipv4Address destination)
    {
        var ip = datagram[..20];
        ip.Clear();
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)datagram.Length);
        ip[8] = TimeToLive;
        ip[9] = UdpProtocol;
        source.Write(ip[12..]);
        destination.Write(ip[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Fold(Sum(ip, 0)));

        var udp = datagram[20..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, DhcpConstants.ServerPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], DhcpConstants.ClientPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], 0);

        // The pseudo header: both addresses, the protocol, the length. A sum of 0 is sent as its other form.
        var sum = Fold(Sum(udp, Sum(ip[12..20], (uint)(UdpProtocol + udp.Length))));
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], sum == 0 ? ushort.MaxValue : sum);
    }

    private static uint Sum(ReadOnlySpan<byte> bytes, uint sum)
    {
        for (; bytes.Length > 1; bytes = bytes[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        }

        return bytes.Length == 1 ? sum + ((uint)bytes[0] << 8) : sum;
    }

    private static ushort Fold(uint sum)
    {
        while (sum > ushort.MaxValue)
        {
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
