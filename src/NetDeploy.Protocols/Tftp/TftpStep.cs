namespace NetDeploy.Protocols.Tftp;

/// <summary>The transfer after an event, and what to do about it.</summary>
public readonly record struct TftpStep(TftpTransfer Next, TftpAction Action);
