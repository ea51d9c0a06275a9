using System.Collections.Immutable;
using NetDeploy.Core.Mirrors;

namespace NetDeploy.Server.Mirror;

/// <summary>A file to be fetched and kept under a key.</summary>
/// <param name="Sources">Where the upstream may have it: the first that is there is taken.</param>
/// <param name="Expected">What an index or a Release says of it.</param>
/// <param name="Known">What to ask with, where the upstream may say that it has not changed.</param>
internal sealed record MirrorOrder(string Key, ImmutableArray<MirrorPath> Sources, ListedFile? Expected, Validators Known)
{
    /// <summary>What its own name says; of its length that says nothing.</summary>
    public string? Digest { get; init; }

    public MirrorPath Path => Sources[0];

    /// <summary>What its bytes must have; null: nothing is known, and its length alone is checked.</summary>
    public string? Sha256 => Expected?.Sha256 ?? Digest;

    public static MirrorOrder Of(string key, MirrorPath source, ListedFile? expected) => new(key, [source], expected, Validators.None);
}
