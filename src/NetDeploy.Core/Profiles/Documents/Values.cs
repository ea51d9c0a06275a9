using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>Texts to values: sizes, addresses.</summary>
internal static class Values
{
    private static readonly (string Unit, decimal Bytes)[] SizeUnits =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("kB", 1_000), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("K", 1L << 10), ("M", 1L << 20), ("G", 1L << 30), ("T", 1L << 40),
    ];

    /// <summary>Bytes; a unit is required, up to 1024 TiB.</summary>
    public static bool TrySize(string text, out long bytes)
    {
        bytes = 0;
        foreach (var (unit, factor) in SizeUnits)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal))
            {
                continue;
            }

            var number = text.AsSpan(0, text.Length - unit.Length).TrimEnd(' ');
            if (number.Length > 12
                || !decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
                || count <= 0
                || count * factor > 1L << 50
                || count * factor < 1)
            {
                return false;
            }

            bytes = (long)(count * factor);
            return true;
        }

        return false;
    }

    /// <summary>Dotted quads in full, or IPv6 without zone: not the short forms that .NET would take for IPv4 (<c>10.1</c>, <c>0x0a000001</c>).</summary>
    public static bool TryAddress(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        if (text.Contains('%', StringComparison.Ordinal) || text.Contains('[', StringComparison.Ordinal) || !IPAddress.TryParse(text, out var parsed))
        {
            return false;
        }

        if (parsed.AddressFamily == AddressFamily.InterNetwork && parsed.ToString() != text)
        {
            return false;
        }

        address = parsed;
        return true;
    }

    public static bool TryAddressWithPrefix(string text, [NotNullWhen(true)] out AddressSpec? address)
    {
        address = null;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0
            || !TryAddress(text[..slash], out var ip)
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var prefix)
            || prefix > (ip.AddressFamily == AddressFamily.InterNetwork ? 32 : 128))
        {
            return false;
        }

        address = new(ip, prefix);
        return true;
    }

    /// <summary><c>22</c>, or <c>8000-8100</c>.</summary>
    public static bool TryPorts(string text, [NotNullWhen(true)] out PortRange? ports)
    {
        ports = null;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (!TryPort(dash < 0 ? text : text[..dash], out var first) || !TryPort(dash < 0 ? text : text[(dash + 1)..], out var last) || last < first)
        {
            return false;
        }

        ports = new(first, last);
        return true;
    }

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and < 65536;
}
