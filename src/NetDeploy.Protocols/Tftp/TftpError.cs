using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace NetDeploy.Protocols.Tftp;

/// <summary>An ERROR packet: it ends the transfer, and is never acknowledged (RFC 1350 section 5).</summary>
public sealed record TftpError(TftpErrorCode Code, string Message)
{
    /// <summary>A missing NUL after the message is forgiven: several boot loaders leave it out.</summary>
    public static bool TryRead(ReadOnlySpan<byte> packet, [NotNullWhen(true)] out TftpError? error, out TftpMalformed malformed)
    {
        var reader = new TftpReader(packet);
        reader.Expect(TftpOpcode.Error);
        var code = (TftpErrorCode)reader.ReadUInt16();
        var text = reader.Rest;
        var end = text.IndexOf((byte)0);
        malformed = reader.Failure;
        error = reader.Ok ? new TftpError(code, Encoding.UTF8.GetString(end < 0 ? text : text[..end])) : null;
        return reader.Ok;
    }

    /// <summary>False where the buffer is too small or the message holds a NUL.</summary>
    public bool TryWrite(Span<byte> buffer, out int written)
    {
        var writer = new TftpWriter(buffer);
        writer.Write(TftpOpcode.Error);
        writer.Write((ushort)Code);
        writer.Write(Message);
        return writer.End(out written);
    }
}
