using System.Buffers.Binary;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Lab.Tests.Roms;

/// <summary>
/// What a PXE ROM of another make leaves out. All ROMs that QEMU has are iPXE, and say so in options 77 (user class) and
/// 175 (its features); the rest of what they ask is PXE 2.1 as everybody's. A ROM asks until it loads: what comes after
/// its first TFTP request is the loaded program's own, and passes untouched.
/// </summary>
internal sealed class PlainRom
{
    private const int Ethernet = 14;
    private const int Udp = 8;

    /// <summary>What was asked by DHCP, as it left for the server.</summary>
    public List<(DhcpPacket Packet, bool ByRom)> Asked { get; } = [];

    /// <summary>What the server answered by DHCP.</summary>
    public List<(DhcpPacket Packet, bool ToRom)> Answered { get; } = [];

    /// <summary>The names of the TFTP read requests.</summary>
    public List<string> Files { get; } = [];

    private bool IsRom => Files.Count == 0;

    /// <summary>A frame from the card to the wire, changed in place.</summary>
    public void Sends(Span<byte> frame)
    {
        switch (PayloadOf(frame, out var header))
        {
            case { Length: > DhcpConstants.OptionsOffset } dhcp when Port(header, destination: true) == DhcpConstants.ServerPort:
                if (IsRom)
                {
                    Strip(dhcp[DhcpConstants.OptionsOffset..]);
                    // 0: no checksum (RFC 768). The length stays, so the IP header does too.
                    BinaryPrimitives.WriteUInt16BigEndian(header[6..], 0);
                }

                Asked.Add((Read(dhcp), IsRom));
                break;
            case { Length: > 4 } tftp when Port(header, destination: true) == 69 && tftp[1] == 1:
                var name = tftp[2..];
                Files.Add(System.Text.Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]));
                break;
            default:
                break;
        }
    }

    /// <summary>A frame from the wire to the card. What the server asks everybody (whether another DHCP server is there) is no answer.</summary>
    public void Receives(Span<byte> frame)
    {
        if (PayloadOf(frame, out var header) is { Length: > DhcpConstants.OptionsOffset } dhcp && Port(header, destination: false) == DhcpConstants.ServerPort
            && Read(dhcp) is { Op: DhcpOp.Reply } answer)
        {
            Answered.Add((answer, IsRom));
        }
    }

    /// <summary>The UDP payload of an IPv4 frame that is no fragment; empty for everything else.</summary>
    private static Span<byte> PayloadOf(Span<byte> frame, out Span<byte> header)
    {
        header = [];
        if (frame.Length < Ethernet + 20 + Udp || BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) != 0x0800)
        {
            return [];
        }

        var ip = frame[Ethernet..];
        var length = (ip[0] & 0xf) * 4;
        var fragment = BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & 0x3fff;
        if (ip[9] != 17 || fragment != 0 || ip.Length < length + Udp)
        {
            return [];
        }

        header = ip.Slice(length, Udp);
        var udp = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(header[4..]), ip.Length - length);
        return udp < Udp ? [] : ip[(length + Udp)..(length + udp)];
    }

    private static int Port(ReadOnlySpan<byte> header, bool destination) => BinaryPrimitives.ReadUInt16BigEndian(header[(destination ? 2 : 0)..]);

    private static DhcpPacket Read(ReadOnlySpan<byte> bytes)
    {
        Assert.True(DhcpDecoder.TryRead(bytes, out var packet, out var reason), reason);
        return packet!;
    }

    /// <summary>Takes both options out and closes the gap; PAD fills the end (RFC 2132 section 3.1).</summary>
    private static void Strip(Span<byte> options)
    {
        var (from, to) = (0, 0);
        while (from < options.Length && options[from] != (byte)DhcpOptionCode.End)
        {
            var length = options[from] == (byte)DhcpOptionCode.Pad ? 1 : 2 + options[from + 1];
            if (options[from] is not ((byte)DhcpOptionCode.UserClass or (byte)DhcpOptionCode.Ipxe))
            {
                options.Slice(from, length).CopyTo(options[to..]);
                to += length;
            }

            from += length;
        }

        options[to++] = (byte)DhcpOptionCode.End;
        options[to..].Clear();
    }
}
