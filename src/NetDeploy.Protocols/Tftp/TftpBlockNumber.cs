namespace NetDeploy.Protocols.Tftp;

/// <summary>Between the 64-bit count of blocks (1 is the first, 0 the OACK) and the 16 bits on the wire.</summary>
public static class TftpBlockNumber
{
    public static ushort ToWire(long block, TftpRollover rollover) => rollover switch
    {
        TftpRollover.ToOne when block > 0 => (ushort)(((block - 1) % 65535) + 1),
        _ => (ushort)block,
    };

    /// <summary>
    /// The block in <paramref name="first"/>..<paramref name="last"/> that <paramref name="wire"/> means; null for any other,
    /// which is an old packet or a false one. The range is shorter than 65535 blocks.
    /// </summary>
    public static long? FromWire(ushort wire, long first, long last, TftpRollover rollover)
    {
        long block;
        if (rollover == TftpRollover.ToZero)
        {
            block = first + (ushort)(wire - (ushort)first);
        }
        else if (wire == 0)
        {
            block = 0;
        }
        else if (first == 0)
        {
            block = wire;
        }
        else
        {
            block = first + (((wire - 1 - ((first - 1) % 65535)) + 65535) % 65535);
        }

        return block >= first && block <= last ? block : null;
    }
}
