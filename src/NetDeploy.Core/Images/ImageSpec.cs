using System.Collections.Immutable;

namespace NetDeploy.Core.Images;

/// <summary>A package source of an image.</summary>
/// <param name="Uri">The mirror, such as http://mirror.example/debian; no credentials.</param>
/// <param name="Key">The armored OpenPGP public key that signs it; null: the distribution's own keys do.</param>
public sealed record ImageRepository(string Uri, string Suite, ImmutableArray<string> Components, string? Key = null);

/// <summary>
/// The part of a recipe that is equal for all machines. Two recipes with equal parts share one image.
/// It names no host, address, user, password hash, key or secret.
/// </summary>
public sealed record ImageSpec
{
    /// <summary>Raised when the builder changes what it makes from an equal spec.</summary>
    public const int BuilderVersion = 1;

    /// <summary>The family that decides the builder: <c>debian</c>.</summary>
    public required string Family { get; init; }

    /// <summary>The release: <c>bookworm</c>, <c>trixie</c>.</summary>
    public required string Release { get; init; }

    public required string Architecture { get; init; }

    public required ImmutableArray<ImageRepository> Repositories { get; init; }

    /// <summary>Package names, sorted, without duplicates.</summary>
    public required ImmutableArray<string> Packages { get; init; }

    /// <summary>Build scripts, run in the image's root in this order by the worker; never by the server.</summary>
    public ImmutableArray<string> Scripts { get; init; } = [];
}
