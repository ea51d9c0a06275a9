using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles;

/// <summary>The document kind <c>Distro</c>: a family, release and architecture. A data pack: its defaults are the weakest layer.</summary>
public sealed record DistroSpec
{
    public required string Name { get; init; }

    /// <summary>Decides the target and the image builder: <c>debian</c>.</summary>
    public required string Family { get; init; }

    /// <summary>The family's own word: <c>bookworm</c>, <c>trixie</c>.</summary>
    public required string Release { get; init; }

    /// <summary>Debian's words: <c>amd64</c>, <c>arm64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The Debian package with the installer's netboot images, <c>installer: {package: ...}</c>; null: this distro has method image only.</summary>
    public string? InstallerPackage { get; init; }

    internal Node? System { get; init; }

    internal Origin? Origin { get; init; }
}
