using System.Collections.Immutable;
using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles;

/// <summary>What happens to a machine that nobody described and that no rule enrols.</summary>
public enum UnknownMachines
{
    /// <summary>It gets a script that starts its own disk and says on the console why; it is listed.</summary>
    LocalBoot,

    /// <summary>It gets no boot file: where we lease, an address alone; beside another server, nothing. It is listed.</summary>
    Ignore,

    /// <summary>It is kept in the deploy environment, inventoried and shown, until somebody adopts it.</summary>
    Hold,
}

/// <summary>The document kind <c>Enrolment</c>: what a network does with machines that no document names.</summary>
/// <param name="Unknown">Null: this document says nothing of it.</param>
/// <param name="Rules">In the order of the document: the first that fits decides.</param>
public sealed record EnrolmentSpec(string Name, string Network, UnknownMachines? Unknown, ImmutableArray<EnrolmentRule> Rules);

/// <summary>Which new machines become what.</summary>
public sealed record EnrolmentRule
{
    /// <summary>A rule that states no <c>limit</c> stops here: a flood of made-up MACs fills no store.</summary>
    public const int DefaultLimit = 100;

    /// <summary>The <c>Enrolment</c> document that holds it.</summary>
    public required string Document { get; init; }

    public required string Name { get; init; }

    public EnrolmentMatch Match { get; init; } = new();

    public ImmutableArray<string> Profiles { get; init; } = [];

    public string Distro { get; init; } = "";

    public InstallMethod Method { get; init; }

    public required NamePattern NamePattern { get; init; }

    /// <summary>Where an address is reserved for each machine; null: they keep what DHCP leases them.</summary>
    public AddressPool? Addresses { get; init; }

    /// <summary>How many machines it may enrol, in all.</summary>
    public int Limit { get; init; } = DefaultLimit;

    /// <summary>Its machines are deployed at once. Otherwise each waits for a person's <c>deploy</c>.</summary>
    public bool Grant { get; init; }

    /// <summary>Why it enrols nobody, such as a profile that does not render; null where it may.</summary>
    public string? Fault { get; init; }

    /// <summary>What <c>enrolledBy</c> of its machines says.</summary>
    public string Id => $"{Document}/{Name}";

    /// <summary>It cannot be decided, or its machine named, before the machine told what its SMBIOS says.</summary>
    public bool NeedsSmbios => Match.NeedsSmbios || NamePattern.NeedsSmbios;

    internal Origin? Origin { get; init; }
}

/// <summary>What a rule asks of a machine: all that is stated must fit.</summary>
public sealed record EnrolmentMatch
{
    /// <summary>The first octets, such as <c>52:54:00</c>; one of them must fit. Empty: any MAC.</summary>
    public ImmutableArray<string> MacPrefixes { get; init; } = [];

    public IPAddress? Relay { get; init; }

    /// <summary>A glob on option 82's circuit id, as hex or as text.</summary>
    public string? CircuitId { get; init; }

    /// <summary>A glob on option 82's remote id, as hex or as text.</summary>
    public string? RemoteId { get; init; }

    /// <summary><c>amd64</c> or <c>arm64</c>.</summary>
    public string? Architecture { get; init; }

    /// <summary><c>bios</c> or <c>uefi</c>.</summary>
    public string? Firmware { get; init; }

    /// <summary>A glob on the SMBIOS manufacturer; case does not count.</summary>
    public string? Vendor { get; init; }

    public string? Product { get; init; }

    public string? Serial { get; init; }

    public bool NeedsSmbios => Vendor is not null || Product is not null || Serial is not null;

    /// <summary>It tells where the machine is plugged in.</summary>
    public bool IsBySlot => CircuitId is not null || RemoteId is not null;

    /// <summary>It would fit every machine of its network.</summary>
    public bool IsEmpty => MacPrefixes.IsEmpty && Relay is null && !IsBySlot && Architecture is null && Firmware is null && !NeedsSmbios;
}
