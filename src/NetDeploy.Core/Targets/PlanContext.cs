using System.Collections.Immutable;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Secrets;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Targets;

/// <summary>What is known only once a deployment runs.</summary>
public sealed record PlanContext
{
    /// <summary>The deployment's id.</summary>
    public required string Deployment { get; init; }

    /// <summary>The boot listener as the machine reaches it, such as <c>http://10.77.0.1:8080</c>.</summary>
    public required Uri ServerUrl { get; init; }

    /// <summary>SHA-256 of the image file as served, as 64 lower-case hex digits. Method image only.</summary>
    public string ImageSha256 { get; init; } = "";

    /// <summary>Bytes of the image file as served. Method image only.</summary>
    public long ImageLength { get; init; }

    /// <summary>The suite of the mirror that the installer's own components come from; null: the distribution's. Method installer only.</summary>
    public string? ComponentsSuite { get; init; }

    /// <summary>The token of the phase <c>first-boot</c>.</summary>
    public required Secret FirstBootToken { get; init; }

    /// <summary>The NIC that the machine netbooted from; null where nobody knows it: then no recipe may say <c>mac: boot</c>.</summary>
    public MacAddress? BootMac { get; init; }

    /// <summary>How well the machine showed who it is; a secret that needs more is refused.</summary>
    public IdentityStrength Strength { get; init; } = IdentityStrength.Claimed;

    /// <summary>The values of the secrets that the recipe names.</summary>
    public ImmutableDictionary<string, Secret> Secrets { get; init; } = ImmutableDictionary<string, Secret>.Empty;
}
