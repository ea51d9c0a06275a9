using System.Collections.Immutable;

namespace NetDeploy.Server.Images;

/// <summary>One built image.</summary>
/// <param name="Id">SHA-256 of the <c>.tar.zst</c>, 64 lower-case hexadecimal digits.</param>
/// <param name="Bytes">Size of the <c>.tar.zst</c>.</param>
/// <param name="UnpackedBytes">What its files take on a file system with blocks of 4 KiB.</param>
/// <param name="Packages">Installed packages and their versions.</param>
public sealed record ImageVersion(
    string Id,
    long Bytes,
    long UnpackedBytes,
    DateTimeOffset BuiltAt,
    ImmutableSortedDictionary<string, string> Packages);

/// <summary>What the index holds for an image key (<c>ready/KEY.json</c>).</summary>
public sealed record ImageEntry
{
    public required string Key { get; init; }

    /// <summary>Counts the publications of this key, from 1. A refresh is done when it has grown.</summary>
    public required long Generation { get; init; }

    /// <summary>The image that new deployments get.</summary>
    public required ImageVersion Current { get; init; }

    /// <summary>Kept older images, newest first. Their blobs exist.</summary>
    public ImmutableArray<ImageVersion> Earlier { get; init; } = [];

    /// <summary>The builder that made the current image.</summary>
    public required string Builder { get; init; }

    /// <summary>The current image's id.</summary>
    public string Id => Current.Id;
}
