using System.Collections.Immutable;
using System.Text.RegularExpressions;
using NetDeploy.Core.Mirrors;

namespace NetDeploy.Server.Mirror;

/// <summary>One state of a suite: its Release, in the forms that were fetched, and the files that it lists.</summary>
/// <param name="Asked">The form that the upstream is asked for to learn of a newer one.</param>
/// <param name="FirstSeen">What clients get as Last-Modified where the upstream gives none: of one suite no two are equal.</param>
internal sealed partial record SuiteGeneration(
    ReleaseText Text, ImmutableDictionary<ReleaseForm, ReleaseFile> Files, ReleaseForm Asked, Validators Validators, DateTimeOffset FirstSeen)
{
    public DateTimeOffset LastModified => Validators.LastModified ?? FirstSeen;

    /// <summary>The <c>Packages</c> indexes among its files: looked for once, as each file of the pool asks for them.</summary>
    public ImmutableArray<PackagesIndex> Indexes { get; } =
        [.. Text.Files.Select(f => (f.Key, f.Value, Match: IndexName().Match(f.Key))).Where(f => f.Match.Success).Select(f => new PackagesIndex(f.Match.Groups[1].Value, f.Key, f.Value.Sha256))];

    /// <summary>The keys of all that belongs to it.</summary>
    public IEnumerable<string> Keys => Files.Values.Select(f => f.Sha256).Concat(Text.Files.Values.Select(f => f.Sha256)).Select(MirrorEntry.KeyOf);

    [GeneratedRegex(@"\A((?:.*/)?)Packages(\.xz|\.gz)?\z")]
    private static partial Regex IndexName();
}

/// <summary>One form of an index; others of its folder say the same.</summary>
internal sealed record PackagesIndex(string Folder, string Name, string Sha256);

/// <summary>A Release, in memory: small, and asked for all the time.</summary>
internal sealed record ReleaseFile(string Sha256, byte[] Content)
{
    public static ReleaseFile Of(byte[] content) => new(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)), content);
}
