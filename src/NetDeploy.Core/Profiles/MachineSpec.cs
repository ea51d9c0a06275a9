using System.Collections.Immutable;
using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles.Documents;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Profiles;

/// <summary>How a recipe gets onto a disk.</summary>
public enum InstallMethod
{
    Image,
    Installer,
}

/// <summary>Where a machine is plugged in, as a trusted relay tells it (option 82, RFC 3046): both values as lower-case hex.</summary>
public sealed record SlotSpec(string? CircuitId, string? RemoteId);

/// <summary>What the author knows of the hardware. Hints make the first binding; <c>replace</c> moves it later.</summary>
public sealed record BindingHints
{
    public ImmutableArray<MacAddress> Macs { get; init; } = [];

    /// <summary>The SMBIOS UUID in its usual text form.</summary>
    public Guid? Uuid { get; init; }

    public string? Serial { get; init; }

    public SlotSpec? Slot { get; init; }
}

/// <summary>The document kind <c>Machine</c>: what people want of one machine.</summary>
public sealed record MachineSpec
{
    /// <summary>A DNS label; also the host name.</summary>
    public required string Name { get; init; }

    public MachineKind Kind { get; init; }

    /// <summary>In the order of the document: a later one wins.</summary>
    public ImmutableArray<string> Profiles { get; init; } = [];

    /// <summary>Null only for a machine made by code: then the caller names a distro.</summary>
    public string? Distro { get; init; }

    public string? Platform { get; init; }

    public InstallMethod Method { get; init; }

    /// <summary>A protected machine refuses <c>deploy</c>.</summary>
    public bool Protected { get; init; }

    public BindingHints Binding { get; init; } = new();

    /// <summary>The address reserved for the NIC that netboots; it follows the binding to other hardware.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The rule that enrolled it, or <c>operator</c> where somebody adopted it; null: people wrote its document.</summary>
    public string? EnrolledBy { get; init; }

    /// <summary>
    /// The generation of the store that enrolled it. Documents outlive stores: where another one reads this, the machine holds a system for all that
    /// store can know, and nothing is done unasked.
    /// </summary>
    public string? EnrolledIn { get; init; }

    /// <summary>The rule granted when it enrolled this machine; what the rule says since then counts for later ones.</summary>
    public bool RuleGrants { get; init; }

    /// <summary>Null: the network decides.</summary>
    public UefiLoader? UefiLoader { get; init; }

    /// <summary>The machine's own layer; null where it overrides nothing.</summary>
    internal Node? System { get; init; }

    /// <summary>Where the document starts; null for a machine made by code.</summary>
    internal Origin? Origin { get; init; }
}
