using System.Collections.Immutable;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles;

/// <summary>The document kind <c>Profile</c>.</summary>
public sealed record ProfileSpec
{
    public required string Name { get; init; }

    /// <summary>A site profile is a layer of every machine, between the distro and the machine's own profiles.</summary>
    public bool Site { get; init; }

    /// <summary>The profiles it builds on, weakest first.</summary>
    public ImmutableArray<string> Parents { get; init; } = [];

    internal Node? System { get; init; }

    internal Origin? Origin { get; init; }
}

/// <summary>The document kind <c>Platform</c>: a layer between profiles and machine.</summary>
public sealed record PlatformSpec
{
    public required string Name { get; init; }

    internal Node? System { get; init; }
}
