namespace NetDeploy.Protocols.Tftp;

/// <summary>What an ERROR packet says (RFC 1350 appendix, RFC 2347 for 8).</summary>
public enum TftpErrorCode : ushort
{
    /// <summary>See the message. GRUB ends with it when it has read what it wanted.</summary>
    NotDefined = 0,
    FileNotFound = 1,
    AccessViolation = 2,
    DiskFull = 3,
    IllegalOperation = 4,
    UnknownTransferId = 5,
    FileAlreadyExists = 6,
    NoSuchUser = 7,

    /// <summary>The client refuses the OACK. EDK2 says so after it has learnt the size from one, and asks again.</summary>
    OptionNegotiationFailed = 8,
}
