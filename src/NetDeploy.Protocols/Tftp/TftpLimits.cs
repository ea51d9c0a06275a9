namespace NetDeploy.Protocols.Tftp;

/// <summary>The most that the server grants to a client.</summary>
public sealed record TftpLimits
{
    /// <summary>Without an option (RFC 1350).</summary>
    public const int DefaultBlockSize = 512;

    /// <summary>RFC 2348.</summary>
    public const int SmallestBlockSize = 8;

    /// <summary>RFC 2348.</summary>
    public const int LargestBlockSize = 65464;

    /// <summary>The most that <see cref="WindowBytes"/> may be.</summary>
    public const int MaxWindowBytes = 128 * 1024;

    /// <summary>IPv4 header 20, UDP 8, TFTP 4.</summary>
    private const int OverheadV4 = 32;

    /// <summary>IPv6 header 40, UDP 8, TFTP 4.</summary>
    private const int OverheadV6 = 52;

    /// <summary>Bytes of payload in a block.</summary>
    public int BlockSize { get; init; } = 1468;

    /// <summary>Blocks before an ACK. Measured with a boot loader on gigabit Ethernet, more than 64 gains nothing.</summary>
    public int WindowSize { get; init; } = 64;

    /// <summary>Bytes before an ACK: what a window of large blocks may hold in memory. A window is at least one block.</summary>
    public int WindowBytes { get; init; } = MaxWindowBytes;

    public TftpRollover Rollover { get; init; } = TftpRollover.ToZero;

    /// <summary>The largest block that leaves as one frame. Firmware cannot join fragments.</summary>
    public static int BlockSizeFor(int mtu, bool ipv6) =>
        Math.Clamp(mtu - (ipv6 ? OverheadV6 : OverheadV4), SmallestBlockSize, LargestBlockSize);
}
