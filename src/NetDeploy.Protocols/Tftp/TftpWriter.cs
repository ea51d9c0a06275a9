using System.Buffers.Binary;
using System.Text;

namespace NetDeploy.Protocols.Tftp;

/// <summary>Fills a buffer that the caller owns. What does not fit, or would break the framing, makes <see cref="Ok"/> false for good.</summary>
internal ref struct TftpWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    public int Written { get; private set; }

    public bool Ok { get; private set; } = true;

    public void Write(ushort value)
    {
        if (Take(2) is { Length: 2 } space)
        {
            BinaryPrimitives.WriteUInt16BigEndian(space, value);
        }
    }

    public void Write(TftpOpcode opcode) => Write((ushort)opcode);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        var space = Take(bytes.Length);
        if (Ok)
        {
            bytes.CopyTo(space);
        }
    }

    /// <summary>The text and its NUL. A text that holds a NUL itself cannot be written.</summary>
    public void Write(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            Ok = false;
            return;
        }

        var space = Take(Encoding.UTF8.GetByteCount(text) + 1);
        if (!space.IsEmpty)
        {
            space[Encoding.UTF8.GetBytes(text, space)] = 0;
        }
    }

    public void Write(IEnumerable<TftpOption> options)
    {
        foreach (var (name, value) in options)
        {
            Write(name);
            Write(value);
        }
    }

    public readonly bool End(out int written)
    {
        written = Ok ? Written : 0;
        return Ok;
    }

    private Span<byte> Take(int count)
    {
        if (!Ok || _buffer.Length - Written < count)
        {
            Ok = false;
            return default;
        }

        var space = _buffer.Slice(Written, count);
        Written += count;
        return space;
    }
}
