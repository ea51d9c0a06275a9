using System.Diagnostics.CodeAnalysis;

namespace NetDeploy.Protocols.Dhcp;

/// <summary>Bytes to <see cref="DhcpPacket"/>. Copies what it keeps: the packet does not refer to the receive buffer.</summary>
public static class DhcpDecoder
{
    /// <summary>Reads one UDP payload. Never throws; <paramref name="reason"/> says why not, in words fit for a metric's label.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out DhcpPacket? packet, [NotNullWhen(false)] out string? reason)
    {
        packet = null;
        if (bytes.Length > DhcpConstants.MaximumPacketLength)
        {
            reason = "too long";
            return false;
        }

        var reader = new DhcpReader(bytes);
        var op = reader.Byte();
        var hardwareType = reader.Byte();
        var hardwareLength = reader.Byte();
        var hops = reader.Byte();
        var xid = reader.UInt32();
        var seconds = reader.UInt16();
        var flags = reader.UInt16();
        var client = reader.Address();
        var your = reader.Address();
        var server = reader.Address();
        var relay = reader.Address();
        var hardware = reader.Take(DhcpConstants.HardwareAddressLength);
        var serverName = reader.Take(DhcpConstants.ServerNameLength);
        var bootFile = reader.Take(DhcpConstants.BootFileLength);
        var cookie = reader.UInt32();
        reason = reader.Failed ? "shorter than the header"
            : op is not (1 or 2) ? "op is neither request nor reply"
            : hardwareLength > DhcpConstants.HardwareAddressLength ? "hlen is more than 16"
            : cookie != DhcpConstants.MagicCookie ? "no magic cookie"
            : null;
        if (reason is not null)
        {
            return false;
        }

        var options = new List<DhcpOption>();
        if (!TryReadOptions(bytes[DhcpConstants.OptionsOffset..], options, out reason))
        {
            return false;
        }

        // RFC 2131 section 4.1: the options field first, then file, then sname.
        var overload = Overload(options);
        var fileHoldsOptions = (overload & 1) != 0;
        var nameHoldsOptions = (overload & 2) != 0;
        if ((fileHoldsOptions && !TryReadOptions(bootFile, options, out reason))
            || (nameHoldsOptions && !TryReadOptions(serverName, options, out reason)))
        {
            return false;
        }

        packet = new DhcpPacket
        {
            Op = (DhcpOp)op,
            HardwareType = hardwareType,
            HardwareAddress = hardware[..hardwareLength].ToArray(),
            Hops = hops,
            TransactionId = xid,
            Seconds = seconds,
            Flags = flags,
            ClientAddress = client,
            YourAddress = your,
            ServerAddress = server,
            RelayAddress = relay,
            ServerName = nameHoldsOptions ? "" : DhcpOptions.PrintableText(serverName),
            BootFile = fileHoldsOptions ? "" : DhcpOptions.PrintableText(bootFile),
            Options = DhcpOptions.From(options),
        };
        return true;
    }

    private static int Overload(List<DhcpOption> options)
    {
        foreach (var option in options)
        {
            if (option.Code == DhcpOptionCode.Overload)
            {
                return option.Value.Span is [>= 1 and <= 3 and var which] ? which : 0;
            }
        }

        return 0;
    }

    /// <summary>Reads one field of options up to END. A field without END is taken as it is: some ROMs leave it out.</summary>
    private static bool TryReadOptions(ReadOnlySpan<byte> field, List<DhcpOption> options, [NotNullWhen(false)] out string? reason)
    {
        var reader = new DhcpReader(field);
        while (reader.Remaining > 0)
        {
            var code = (DhcpOptionCode)reader.Byte();
            if (code == DhcpOptionCode.Pad)
            {
                continue;
            }

            if (code == DhcpOptionCode.End)
            {
                break;
            }

            var value = reader.Take(reader.Byte());
            if (reader.Failed)
            {
                reason = "an option runs past its field";
                return false;
            }

            options.Add(new DhcpOption(code, value.ToArray()));
        }

        reason = null;
        return true;
    }
}
