namespace NetDeploy.Protocols.Tftp;

/// <summary>A DATA packet; the payload is a view of the datagram it was read from (RFC 1350 section 5).</summary>
public readonly ref struct TftpData(ushort block, ReadOnlySpan<byte> payload)
{
    /// <summary>Opcode and block number.</summary>
    public const int HeaderLength = 4;

    public ushort Block { get; } = block;

    public ReadOnlySpan<byte> Payload { get; } = payload;

    public static bool TryRead(ReadOnlySpan<byte> packet, out TftpData data, out TftpMalformed malformed)
    {
        var reader = new TftpReader(packet);
        reader.Expect(TftpOpcode.Data);
        var block = reader.ReadUInt16();
        data = new TftpData(block, reader.Rest);
        malformed = reader.Failure;
        return reader.Ok;
    }

    /// <summary>False where the buffer is too small.</summary>
    public bool TryWrite(Span<byte> buffer, out int written)
    {
        var writer = new TftpWriter(buffer);
        writer.Write(TftpOpcode.Data);
        writer.Write(Block);
        writer.Write(Payload);
        return writer.End(out written);
    }
}
