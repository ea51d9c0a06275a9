namespace NetDeploy.Server.BootFiles;

/// <summary>Whose fault it is that boot files could not be fetched or built.</summary>
public enum BootFilesFault
{
    /// <summary>A list or an option of ours is wrong, or a script failed in a way it has no code for.</summary>
    Wrong,

    /// <summary>A program is missing on this machine.</summary>
    MissingTool,

    /// <summary>The mirror was not reached, or does not have the package.</summary>
    MirrorUnreachable,

    /// <summary>A signature or hash of the archive is wrong. Never ignored.</summary>
    BadSignature,

    DiskFull,

    /// <summary>Kernel and initramfs are over 64 MB together.</summary>
    TooLarge,
}

/// <summary>Boot files could not be made; says why and what to do.</summary>
public sealed class BootFilesException(BootFilesFault fault, string reason, string remedy)
    : Exception(reason)
{
    public BootFilesFault Fault { get; } = fault;

    public string Remedy { get; } = remedy;
}
