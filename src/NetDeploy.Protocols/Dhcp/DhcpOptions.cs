using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace NetDeploy.Protocols.Dhcp;

/// <summary>One option: its code and its whole value, joined where it came in several parts (RFC 3396).</summary>
public readonly record struct DhcpOption(DhcpOptionCode Code, ReadOnlyMemory<byte> Value);

/// <summary>
/// The options of a packet in the order of their first appearance, each code once. Accessors answer null where
/// an option is absent or of a length its RFC does not allow: a malformed option never costs the packet.
/// </summary>
public sealed class DhcpOptions
{
    private readonly ImmutableArray<DhcpOption> _options;

    private DhcpOptions(ImmutableArray<DhcpOption> options) => _options = options;

    public static DhcpOptions Empty { get; } = new([]);

    public ImmutableArray<DhcpOption> All => _options;

    /// <summary>Later options with a code already seen are appended to the first (RFC 3396 section 7).</summary>
    public static DhcpOptions From(IEnumerable<DhcpOption> options)
    {
        var all = ImmutableArray.CreateBuilder<DhcpOption>();
        foreach (var option in options)
        {
            var known = -1;
            for (var i = 0; i < all.Count && known < 0; i++)
            {
                known = all[i].Code == option.Code ? i : -1;
            }

            if (known < 0)
            {
                all.Add(option);
                continue;
            }

            byte[] joined = [.. all[known].Value.Span, .. option.Value.Span];
            all[known] = option with { Value = joined };
        }

        return new DhcpOptions(all.ToImmutable());
    }

    public bool Has(DhcpOptionCode code) => TryGet(code, out _);

    public bool TryGet(DhcpOptionCode code, out ReadOnlyMemory<byte> value)
    {
        foreach (var option in _options)
        {
            if (option.Code == code)
            {
                value = option.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Option 53; <see cref="DhcpMessageType.None"/> for BOOTP and for types this project does not know.</summary>
    public DhcpMessageType MessageType =>
        TryGet(DhcpOptionCode.MessageType, out var v) && v.Span is [>= 1 and <= 8 and var type] ? (DhcpMessageType)type : DhcpMessageType.None;

    /// <summary>Option 50.</summary>
    public Ipv4Address? RequestedAddress => Address(DhcpOptionCode.RequestedAddress);

    /// <summary>Option 54.</summary>
    public Ipv4Address? ServerIdentifier => Address(DhcpOptionCode.ServerIdentifier);

    /// <summary>Option 51, in seconds.</summary>
    public uint? LeaseSeconds =>
        TryGet(DhcpOptionCode.LeaseTime, out var v) && v.Length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(v.Span) : null;

    /// <summary>Option 57: the largest IP datagram the client takes, 576 or more; 576 where it does not say.</summary>
    public int MaxMessageSize =>
        TryGet(DhcpOptionCode.MaxMessageSize, out var v) && v.Length == 2
            ? Math.Max(DhcpConstants.MinimumMaxMessageSize, (int)BinaryPrimitives.ReadUInt16BigEndian(v.Span))
            : DhcpConstants.MinimumMaxMessageSize;

    /// <summary>Option 61 as hex in lower case, type byte first; null where absent or shorter than RFC 2132 section 9.14 allows.</summary>
    public string? ClientIdentifier =>
        TryGet(DhcpOptionCode.ClientIdentifier, out var v) && v.Length >= 2 ? Convert.ToHexStringLower(v.Span) : null;

    /// <summary>Option 60.</summary>
    public string? VendorClass => Text(DhcpOptionCode.VendorClass);

    /// <summary>Option 12.</summary>
    public string? HostName => Text(DhcpOptionCode.HostName);

    /// <summary>An option that holds one IPv4 address.</summary>
    public Ipv4Address? Address(DhcpOptionCode code) =>
        TryGet(code, out var v) && v.Length == 4 ? Ipv4Address.Read(v.Span) : null;

    /// <summary>An option of text: up to its first NUL, which old ROMs count in the length; control characters become <c>?</c>.</summary>
    public string? Text(DhcpOptionCode code) => TryGet(code, out var v) ? PrintableText(v.Span) : null;

    internal static string PrintableText(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return string.Create(end < 0 ? bytes.Length : end, bytes, static (text, from) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = from[i] is >= 0x20 and < 0x7f ? (char)from[i] : '?';
            }
        });
    }

    internal static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);
}
