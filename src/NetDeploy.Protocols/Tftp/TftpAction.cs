namespace NetDeploy.Protocols.Tftp;

/// <summary>What a transfer wants done.</summary>
public enum TftpActionKind
{
    None,
    SendOptionAck,
    SendBlocks,

    /// <summary>The client has every byte. Nothing is sent.</summary>
    Complete,

    /// <summary>The client is silent for too long. Nothing is sent.</summary>
    GiveUp,
}

/// <summary>One thing to do; the blocks are <paramref name="FirstBlock"/> and those after it, in order.</summary>
public readonly record struct TftpAction(TftpActionKind Kind, long FirstBlock = 0, int BlockCount = 0);
