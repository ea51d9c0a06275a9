namespace NetDeploy.Protocols.Tftp;

/// <summary>The 16-bit number after 65535. No RFC says; nearly everything expects 0.</summary>
public enum TftpRollover
{
    ToZero,
    ToOne,
}
