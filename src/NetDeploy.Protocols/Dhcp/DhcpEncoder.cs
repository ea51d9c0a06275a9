using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace NetDeploy.Protocols.Dhcp;

/// <summary>What was written: the length, and the options that did not fit the client's buffer.</summary>
public readonly record struct DhcpEncoded(int Length, ImmutableArray<DhcpOptionCode> LeftOut);

/// <summary><see cref="DhcpPacket"/> to bytes.</summary>
public static class DhcpEncoder
{
    /// <summary>The largest reply ever written: size the buffer by it.</summary>
    public const int MaximumLength = DhcpConstants.MaximumMessageSize - DhcpConstants.IpUdpHeaderLength;

    private const int MaximumOptionPart = 255;

    /// <summary>
    /// Writes the packet, padded to 300 bytes. Options go out in their order; one that does not fit is put into
    /// an unused sname or file (option 52), else left out whole. Option 82 is last, and room is kept for it (RFC 3046
    /// section 2.2), unless it is longer than the whole field.
    /// </summary>
    /// <param name="maxMessageSize">The client's option 57, as an IP datagram; taken between 576 and 1500.</param>
    /// <param name="destination">At least <see cref="MaximumLength"/> bytes.</param>
    public static DhcpEncoded Write(DhcpPacket packet, int maxMessageSize, Span<byte> destination)
    {
        var limit = Math.Clamp(maxMessageSize, DhcpConstants.MinimumMaxMessageSize, DhcpConstants.MaximumMessageSize) - DhcpConstants.IpUdpHeaderLength;
        var target = destination[..limit];
        target.Clear();
        WriteHeader(packet, target);

        packet.Options.TryGet(DhcpOptionCode.RelayAgentInformation, out var relay);
        var area = limit - DhcpConstants.OptionsOffset;
        var relayAsked = packet.Options.Has(DhcpOptionCode.RelayAgentInformation);
        var hasRelay = relayAsked && 1 + PartedLength(relay.Length) <= area;
        var reserved = 1 + (hasRelay ? PartedLength(relay.Length) : 0);

        // Overloading is decided once, before the options: its own three bytes are then always kept free.
        var wanted = packet.Options.All
            .Where(o => o.Code is not (DhcpOptionCode.RelayAgentInformation or DhcpOptionCode.Overload or DhcpOptionCode.Pad or DhcpOptionCode.End))
            .ToList();
        var overflow = wanted.Sum(o => PartedLength(o.Value.Length)) + reserved > area;
        var file = new Field(target.Slice(DhcpConstants.BootFileOffset, DhcpConstants.BootFileLength), overflow && packet.BootFile.Length == 0);
        var name = new Field(target.Slice(DhcpConstants.ServerNameOffset, DhcpConstants.ServerNameLength), overflow && packet.ServerName.Length == 0);
        var main = new Field(target[DhcpConstants.OptionsOffset..], true);
        main.Keep(reserved + (file.Usable || name.Usable ? 3 : 0));

        var leftOut = ImmutableArray.CreateBuilder<DhcpOptionCode>();
        foreach (var option in wanted)
        {
            if (!main.TryAdd(option) && !file.TryAdd(option) && !name.TryAdd(option))
            {
                leftOut.Add(option.Code);
            }
        }

        if (relayAsked && !hasRelay)
        {
            leftOut.Add(DhcpOptionCode.RelayAgentInformation);
        }

        main.Release();
        var overload = (file.Used ? 1 : 0) + (name.Used ? 2 : 0);
        if (overload != 0)
        {
            main.TryAdd(new DhcpOption(DhcpOptionCode.Overload, new[] { (byte)overload }));
        }

        if (hasRelay)
        {
            // Always fits: its room was kept.
            main.TryAdd(new DhcpOption(DhcpOptionCode.RelayAgentInformation, relay));
        }

        main.End();
        file.End();
        name.End();
        return new DhcpEncoded(
            Math.Max(DhcpConstants.OptionsOffset + main.Length, DhcpConstants.MinimumReplyLength),
            leftOut.ToImmutable());
    }

    private static void WriteHeader(DhcpPacket packet, Span<byte> target)
    {
        target[0] = (byte)packet.Op;
        target[1] = packet.HardwareType;
        target[2] = (byte)packet.HardwareAddress.Length;
        target[3] = packet.Hops;
        BinaryPrimitives.WriteUInt32BigEndian(target[4..], packet.TransactionId);
        BinaryPrimitives.WriteUInt16BigEndian(target[8..], packet.Seconds);
        BinaryPrimitives.WriteUInt16BigEndian(target[10..], packet.Flags);
        packet.ClientAddress.Write(target[12..]);
        packet.YourAddress.Write(target[16..]);
        packet.ServerAddress.Write(target[20..]);
        packet.RelayAddress.Write(target[24..]);
        packet.HardwareAddress.Span.CopyTo(target.Slice(28, DhcpConstants.HardwareAddressLength));

        // A name that does not fit with its NUL is not cut: half a URL would be another file. Option 67 has it whole.
        WriteName(packet.ServerName, target.Slice(DhcpConstants.ServerNameOffset, DhcpConstants.ServerNameLength));
        WriteName(packet.BootFile, target.Slice(DhcpConstants.BootFileOffset, DhcpConstants.BootFileLength));
        BinaryPrimitives.WriteUInt32BigEndian(target[DhcpConstants.CookieOffset..], DhcpConstants.MagicCookie);
    }

    private static void WriteName(string name, Span<byte> field)
    {
        if (name.Length < field.Length)
        {
            Encoding.ASCII.GetBytes(name, field);
        }
    }

    /// <summary>The bytes an option takes with its code and length, parted where it is longer than 255 (RFC 3396).</summary>
    private static int PartedLength(int length) => length + (2 * Math.Max(1, (length + MaximumOptionPart - 1) / MaximumOptionPart));

    /// <summary>One of the three places where options go: the options field, file or sname.</summary>
    private ref struct Field(Span<byte> bytes, bool usable)
    {
        private readonly Span<byte> _bytes = bytes;
        private int _kept = 1;

        public bool Usable { get; } = usable;

        public int Length { get; private set; }

        public readonly bool Used => Usable && Length > 0;

        public void Keep(int count) => _kept = count;

        /// <summary>What was kept free is now to be filled; the byte for END stays kept.</summary>
        public void Release() => _kept = 1;

        public bool TryAdd(DhcpOption option)
        {
            if (!Usable || Length + PartedLength(option.Value.Length) + _kept > _bytes.Length)
            {
                return false;
            }

            var rest = option.Value.Span;
            do
            {
                var part = rest[..Math.Min(rest.Length, MaximumOptionPart)];
                _bytes[Length] = (byte)option.Code;
                _bytes[Length + 1] = (byte)part.Length;
                part.CopyTo(_bytes[(Length + 2)..]);
                Length += 2 + part.Length;
                rest = rest[part.Length..];
            }
            while (rest.Length > 0);
            return true;
        }

        public void End()
        {
            if (Length > 0)
            {
                _bytes[Length++] = (byte)DhcpOptionCode.End;
            }
        }
    }
}
