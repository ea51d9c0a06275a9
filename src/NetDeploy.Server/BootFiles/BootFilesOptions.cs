using System.Collections.Immutable;

namespace NetDeploy.Server.BootFiles;

/// <summary>Where boot files come from. The defaults fit a Debian machine: its own mirror, no firmware.</summary>
public sealed record BootFilesOptions
{
    /// <summary>The folder <c>bootfiles/</c> of this tree: scripts, loader list, deploy environment.</summary>
    public required string Sources { get; init; }

    /// <summary>The Debian release that loaders and environment are taken from.</summary>
    public string Suite { get; init; } = "bookworm";

    /// <summary>Null: the Debian mirror of this machine's apt configuration, else <c>http://ftp.debian.org/debian</c>.</summary>
    public string? Mirror { get; init; }

    /// <summary>The security archive that goes with <see cref="Mirror"/>; null with a given mirror: none.</summary>
    public string? SecurityMirror { get; init; }

    /// <summary>Debian packages of non-free firmware, such as <c>firmware-bnx2x</c>.</summary>
    public ImmutableArray<string> Firmware { get; init; } = [];

    /// <summary>Kernel modules beside those of <c>deploy/modules</c>.</summary>
    public ImmutableArray<string> Modules { get; init; } = [];

    /// <summary>True: ask the mirror for newer versions, also where everything is there and intact.</summary>
    public bool Refresh { get; init; }
}
