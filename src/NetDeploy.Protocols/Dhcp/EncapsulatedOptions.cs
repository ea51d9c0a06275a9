namespace NetDeploy.Protocols.Dhcp;

/// <summary>Options within an option: code, length, value (RFC 2132 section 8.4; RFC 3046 section 2.0).</summary>
public static class EncapsulatedOptions
{
    /// <summary>The first sub-option of a code; false where absent, or where the list breaks before it.</summary>
    public static bool TryGet(ReadOnlySpan<byte> list, byte code, out ReadOnlySpan<byte> value)
    {
        var reader = new DhcpReader(list);
        while (reader.Remaining > 0)
        {
            var current = reader.Byte();
            value = reader.Take(reader.Byte());
            if (reader.Failed)
            {
                break;
            }

            if (current == code)
            {
                return true;
            }
        }

        value = [];
        return false;
    }

    /// <summary>Writes a list with its END, as options 43 and 175 want it.</summary>
    /// <exception cref="ArgumentException">A value of more than 255 bytes: a bug in the caller.</exception>
    public static byte[] Write(params ReadOnlySpan<(byte Code, byte[] Value)> list)
    {
        var bytes = new List<byte>();
        foreach (var (code, value) in list)
        {
            if (value.Length > byte.MaxValue)
            {
                throw new ArgumentException($"Sub-option {code} is longer than 255 bytes.", nameof(list));
            }

            bytes.Add(code);
            bytes.Add((byte)value.Length);
            bytes.AddRange(value);
        }

        bytes.Add((byte)DhcpOptionCode.End);
        return [.. bytes];
    }
}
