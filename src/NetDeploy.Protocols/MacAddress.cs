using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace NetDeploy.Protocols;

/// <summary>A 48-bit Ethernet address (IEEE 802 EUI-48). Text form: six lower-case hex pairs joined by colons.</summary>
public readonly record struct MacAddress : ISpanParsable<MacAddress>
{
    private readonly ulong _bits;

    private MacAddress(ulong bits) => _bits = bits;

    /// <summary>Six bytes in wire order.</summary>
    /// <exception cref="ArgumentException">Not exactly six bytes.</exception>
    public MacAddress(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != 6)
        {
            throw new ArgumentException("A MAC address has six bytes.", nameof(bytes));
        }

        foreach (var b in bytes)
        {
            _bits = (_bits << 8) | b;
        }
    }

    /// <summary>True where the group bit is set: no machine owns such an address.</summary>
    public bool IsMulticast => (_bits >> 40 & 1) == 1;

    /// <summary>The all-zero address, which no machine owns.</summary>
    public bool IsZero => _bits == 0;

    /// <summary>Writes the six bytes in wire order.</summary>
    public void CopyTo(Span<byte> destination)
    {
        for (var i = 0; i < 6; i++)
        {
            destination[i] = (byte)(_bits >> (40 - (8 * i)));
        }
    }

    /// <summary>Six hex pairs joined by <paramref name="separator"/>: iPXE writes colons or hyphens, GRUB and pxelinux hyphens.</summary>
    public string ToString(char separator) =>
        string.Create(17, (_bits, separator), static (text, state) =>
        {
            for (var i = 0; i < 6; i++)
            {
                ((byte)(state._bits >> (40 - (8 * i)))).TryFormat(text[(i * 3)..], out _, "x2", CultureInfo.InvariantCulture);
                if (i < 5)
                {
                    text[(i * 3) + 2] = state.separator;
                }
            }
        });

    /// <inheritdoc/>
    public override string ToString() => ToString(':');

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out MacAddress result)
    {
        result = default;
        ulong bits = 0;
        var digits = 0;
        for (var i = 0; i < s.Length; i++)
        {
            if (s[i] is ':' or '-')
            {
                if (s.Length != 17 || i % 3 != 2)
                {
                    return false;
                }

                continue;
            }

            if (!char.IsAsciiHexDigit(s[i]) || ++digits > 12)
            {
                return false;
            }

            bits = (bits << 4) | (uint)Convert.ToInt32(s[i].ToString(), 16);
        }

        if (digits != 12 || s.Length is not (12 or 17))
        {
            return false;
        }

        result = new MacAddress(bits);
        return true;
    }

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out MacAddress result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc/>
    public static MacAddress Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out var result) ? result : throw new FormatException($"'{s}' is not a MAC address; write it as 52:54:00:12:34:56.");

    /// <inheritdoc/>
    public static MacAddress Parse(string s, IFormatProvider? provider = null) => Parse(s.AsSpan(), provider);
}
