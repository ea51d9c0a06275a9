namespace NetDeploy.Protocols.Tftp;

/// <summary>One option of a request or an OACK (RFC 2347). <paramref name="Name"/> is lower case; GRUB looks for no other.</summary>
public readonly record struct TftpOption(string Name, string Value)
{
    /// <summary>Bytes of payload in a block, 8 to 65464 (RFC 2348).</summary>
    public const string BlockSize = "blksize";

    /// <summary>Seconds before a retransmission, 1 to 255 (RFC 2349).</summary>
    public const string Timeout = "timeout";

    /// <summary>Size of the file in bytes; 0 in a read request (RFC 2349).</summary>
    public const string TransferSize = "tsize";

    /// <summary>Blocks that may go out before an ACK, 1 to 65535 (RFC 7440).</summary>
    public const string WindowSize = "windowsize";

    /// <summary>More options than this in one packet make it malformed.</summary>
    internal const int MaxCount = 32;
}
