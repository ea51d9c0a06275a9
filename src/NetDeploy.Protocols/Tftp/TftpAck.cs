namespace NetDeploy.Protocols.Tftp;

/// <summary>An acknowledgment of a block, or of an OACK where the block is 0 (RFC 1350 section 5, RFC 2347).</summary>
public readonly record struct TftpAck(ushort Block)
{
    /// <summary>Bytes after the block number are ignored: some firmware sends its whole buffer.</summary>
    public static bool TryRead(ReadOnlySpan<byte> packet, out TftpAck ack, out TftpMalformed malformed)
    {
        var reader = new TftpReader(packet);
        reader.Expect(TftpOpcode.Acknowledgment);
        ack = new TftpAck(reader.ReadUInt16());
        malformed = reader.Failure;
        return reader.Ok;
    }

    /// <summary>False where the buffer is too small.</summary>
    public bool TryWrite(Span<byte> buffer, out int written)
    {
        var writer = new TftpWriter(buffer);
        writer.Write(TftpOpcode.Acknowledgment);
        writer.Write(Block);
        return writer.End(out written);
    }
}
