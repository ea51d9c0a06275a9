using System.Buffers.Binary;

namespace NetDeploy.Protocols.Dhcp;

/// <summary>Collects a reply's options, most important first: what does not fit the client's buffer is left out from the end.</summary>
public sealed class DhcpOptionsBuilder
{
    private readonly List<DhcpOption> _options = [];

    public DhcpOptionsBuilder Add(DhcpOptionCode code, ReadOnlyMemory<byte> value)
    {
        _options.Add(new DhcpOption(code, value));
        return this;
    }

    public DhcpOptionsBuilder Add(DhcpOptionCode code, Ipv4Address value) => Add(code, value.ToBytes());

    public DhcpOptionsBuilder Add(DhcpMessageType type) => Add(DhcpOptionCode.MessageType, new[] { (byte)type });

    /// <summary>A 32-bit number, such as a time in seconds.</summary>
    public DhcpOptionsBuilder Add(DhcpOptionCode code, uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return Add(code, bytes);
    }

    public DhcpOptionsBuilder Add(DhcpOptionCode code, IEnumerable<Ipv4Address> values)
    {
        byte[] bytes = [.. values.SelectMany(v => v.ToBytes())];
        return bytes.Length == 0 ? this : Add(code, bytes);
    }

    /// <summary>Text without a terminator, as RFC 2132 has it.</summary>
    public DhcpOptionsBuilder Add(DhcpOptionCode code, string text) => Add(code, DhcpOptions.Ascii(text));

    /// <summary>Text with a NUL that is counted in the length: old PXE ROMs read on past the value without it.</summary>
    public DhcpOptionsBuilder AddTerminated(DhcpOptionCode code, string text) => Add(code, DhcpOptions.Ascii(text + "\0"));

    /// <summary>Repeats the client's own option, byte for byte, where it sent one.</summary>
    public DhcpOptionsBuilder Echo(DhcpOptionCode code, DhcpOptions from) => from.TryGet(code, out var value) ? Add(code, value) : this;

    public DhcpOptions Build() => DhcpOptions.From(_options);
}
