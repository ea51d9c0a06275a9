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

/// <summary>What happens to a machine that nobody described.</summary>
public enum UnknownMachines
{
    /// <summary>It gets a script that starts its own disk and says on the console why; it is listed.</summary>
    LocalBoot,

    /// <summary>It is kept in the deploy environment, inventoried and shown. Refused until the server does it.</summary>
    Hold,
}

/// <summary>The document kind <c>Enrolment</c>: what a network does with unknown machines.</summary>
public sealed record EnrolmentSpec(string Name, string Network, UnknownMachines Unknown);
