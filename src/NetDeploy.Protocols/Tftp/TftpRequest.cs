using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace NetDeploy.Protocols.Tftp;

/// <summary>A read or write request (RFC 1350 section 5, options after RFC 2347).</summary>
/// <param name="IsWrite">True for WRQ.</param>
/// <param name="FileName">As it was sent; see <see cref="TftpFileName"/>.</param>
/// <param name="Mode">As it was sent, compared without regard to case.</param>
/// <param name="Options">Names in lower case, in the order of the packet, repeats kept.</param>
public sealed record TftpRequest(bool IsWrite, string FileName, string Mode, ImmutableArray<TftpOption> Options)
{
    public bool IsOctet => Mode.Equals("octet", StringComparison.OrdinalIgnoreCase);

    public bool IsNetascii => Mode.Equals("netascii", StringComparison.OrdinalIgnoreCase);

    /// <summary>The value of the first option of that name, which is lower case; null where it was not asked.</summary>
    public string? Option(string name)
    {
        foreach (var option in Options)
        {
            if (option.Name == name)
            {
                return option.Value;
            }
        }

        return null;
    }

    public static bool TryRead(ReadOnlySpan<byte> packet, [NotNullWhen(true)] out TftpRequest? request, out TftpMalformed malformed)
    {
        var reader = new TftpReader(packet);
        var opcode = (TftpOpcode)reader.ReadUInt16();
        if (opcode is not (TftpOpcode.ReadRequest or TftpOpcode.WriteRequest))
        {
            reader.Fail(TftpMalformed.WrongOpcode);
        }

        var fileName = reader.ReadText();
        if (fileName.Length == 0)
        {
            reader.Fail(TftpMalformed.EmptyFileName);
        }

        var mode = reader.ReadText();
        if (mode.Length == 0)
        {
            reader.Fail(TftpMalformed.EmptyMode);
        }

        var options = reader.ReadOptions();
        malformed = reader.Failure;
        request = reader.Ok ? new TftpRequest(opcode == TftpOpcode.WriteRequest, fileName, mode, options) : null;
        return reader.Ok;
    }

    /// <summary>False where the buffer is too small or a text holds a NUL.</summary>
    public bool TryWrite(Span<byte> buffer, out int written)
    {
        var writer = new TftpWriter(buffer);
        writer.Write(IsWrite ? TftpOpcode.WriteRequest : TftpOpcode.ReadRequest);
        writer.Write(FileName);
        writer.Write(Mode);
        writer.Write(Options);
        return writer.End(out written);
    }
}
