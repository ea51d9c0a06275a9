using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace NetDeploy.Protocols.Tftp;

/// <summary>A cursor over one datagram. The first failure sticks, so that it need be looked at only once, at the end.</summary>
internal ref struct TftpReader(ReadOnlySpan<byte> packet)
{
    private ReadOnlySpan<byte> _rest = packet;

    public TftpMalformed Failure { get; private set; }

    public readonly bool Ok => Failure == TftpMalformed.None;

    public readonly ReadOnlySpan<byte> Rest => Ok ? _rest : default;

    public ushort ReadUInt16()
    {
        if (_rest.Length < 2)
        {
            Fail(TftpMalformed.TooShort);
            return 0;
        }

        var value = BinaryPrimitives.ReadUInt16BigEndian(_rest);
        _rest = _rest[2..];
        return value;
    }

    public void Expect(TftpOpcode opcode)
    {
        if ((TftpOpcode)ReadUInt16() != opcode)
        {
            Fail(TftpMalformed.WrongOpcode);
        }
    }

    /// <summary>Text up to a NUL. Bytes that are not UTF-8 become U+FFFD: such a name then simply does not exist.</summary>
    public string ReadText()
    {
        var end = _rest.IndexOf((byte)0);
        if (end < 0)
        {
            Fail(TftpMalformed.UnterminatedText);
            return "";
        }

        var text = Encoding.UTF8.GetString(_rest[..end]);
        _rest = _rest[(end + 1)..];
        return text;
    }

    /// <summary>Pairs of texts up to the end of the packet. Firmware that pads with NULs is understood.</summary>
    public ImmutableArray<TftpOption> ReadOptions()
    {
        if (!Ok || !_rest.ContainsAnyExcept((byte)0))
        {
            return [];
        }

        var options = ImmutableArray.CreateBuilder<TftpOption>();
        while (Ok && _rest.ContainsAnyExcept((byte)0))
        {
            var name = ReadText();
            if (Ok && name.Length == 0)
            {
                Fail(TftpMalformed.OptionWithoutName);
            }

            if (_rest.IsEmpty)
            {
                Fail(TftpMalformed.OptionWithoutValue);
            }

            options.Add(new TftpOption(name.ToLowerInvariant(), ReadText()));
            if (options.Count > TftpOption.MaxCount)
            {
                Fail(TftpMalformed.TooManyOptions);
            }
        }

        return options.ToImmutable();
    }

    public void Fail(TftpMalformed reason)
    {
        if (Ok)
        {
            Failure = reason;
            _rest = default;
        }
    }
}
