using System.Collections.Immutable;
using NetDeploy.Core.Mirrors;

namespace NetDeploy.Server.Mirror;

/// <summary>One state of a suite: its Release, in the forms that were fetched, and the files that it lists.</summary>
/// <param name="Asked">The form that the upstream is asked for to learn of a newer one.</param>
/// <param name="FirstSeen">What clients get as Last-Modified where the upstream gives none: of one suite no two are equal.</param>
internal sealed record SuiteGeneration(
    ReleaseText Text, ImmutableDictionary<ReleaseForm, ReleaseFile> Files, ReleaseForm Asked, Validators Validators, DateTimeOffset FirstSeen)
{
    public DateTimeOffset LastModified => Validators.LastModified ?? FirstSeen;

    /// <summary>The keys of all that belongs to it.</summary>
    public IEnumerable<string> Keys => Files.Values.Select(f => f.Sha256).Concat(Text.Files.Values.Select(f => f.Sha256)).Select(MirrorEntry.KeyOf);
}

/// <summary>A Release, in memory: small, and asked for all the time.</summary>
internal sealed record ReleaseFile(string Sha256, byte[] Content)
{
    public static ReleaseFile Of(byte[] content) => new(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)), content);
}
