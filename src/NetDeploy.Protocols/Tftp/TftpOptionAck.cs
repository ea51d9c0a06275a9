using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace NetDeploy.Protocols.Tftp;

/// <summary>An OACK: the options the server agreed to (RFC 2347). No byte follows the last NUL: some clients refuse padding.</summary>
public sealed record TftpOptionAck(ImmutableArray<TftpOption> Options)
{
    public static bool TryRead(ReadOnlySpan<byte> packet, [NotNullWhen(true)] out TftpOptionAck? ack, out TftpMalformed malformed)
    {
        var reader = new TftpReader(packet);
        reader.Expect(TftpOpcode.OptionAcknowledgment);
        var options = reader.ReadOptions();
        malformed = reader.Failure;
        ack = reader.Ok ? new TftpOptionAck(options) : null;
        return reader.Ok;
    }

    /// <summary>False where the buffer is too small or a text holds a NUL.</summary>
    public bool TryWrite(Span<byte> buffer, out int written)
    {
        var writer = new TftpWriter(buffer);
        writer.Write(TftpOpcode.OptionAcknowledgment);
        writer.Write(Options);
        return writer.End(out written);
    }
}
