using System.Collections.Immutable;
using System.Net;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Profiles;

/// <summary>An address with its prefix length.</summary>
public sealed record AddressSpec(IPAddress Address, int PrefixLength)
{
    public override string ToString() => $"{Address}/{PrefixLength}";
}

/// <param name="Destination">A subnet.</param>
/// <param name="Via">Null: the subnet is on the link itself.</param>
/// <param name="Metric">Null: the system chooses.</param>
public sealed record RouteSpec(AddressSpec Destination, IPAddress? Via, int? Metric);

/// <summary>What every interface can have, whatever it is made of.</summary>
public abstract record InterfaceSpec
{
    /// <summary>By what others refer to it: a NIC's MAC address, or <c>boot</c>; the name of anything else.</summary>
    public abstract string Key { get; }

    public bool Dhcp { get; init; } = true;

    public ImmutableArray<AddressSpec> Addresses { get; init; } = [];

    /// <summary>The default route.</summary>
    public IPAddress? Gateway { get; init; }

    public ImmutableArray<RouteSpec> Routes { get; init; } = [];

    public ImmutableArray<IPAddress> DnsServers { get; init; } = [];

    /// <summary>Bytes; null: the driver's default.</summary>
    public int? Mtu { get; init; }
}

/// <summary>A network interface, told by its MAC and not by a name that differs between kernels and hypervisors.</summary>
public sealed record NicSpec : InterfaceSpec
{
    /// <summary>The key of the NIC that the machine netbooted from.</summary>
    public const string BootKey = "boot";

    /// <summary>Null: the NIC that the machine netbooted from, written <c>boot</c>; it survives a change of hardware.</summary>
    public MacAddress? Mac { get; init; }

    /// <summary>What the installed system calls it; null: as its kernel and udev do.</summary>
    public string? Name { get; init; }

    public override string Key => Mac?.ToString() ?? BootKey;
}

/// <summary>How a bond uses its members, in the kernel's words.</summary>
public enum BondMode
{
    /// <summary>One member at a time; any switch will do.</summary>
    ActiveBackup,

    /// <summary>802.3ad: the switch must speak LACP.</summary>
    Lacp,
    BalanceRoundRobin,
    BalanceXor,
    Broadcast,
    BalanceTransmit,
    BalanceAdaptive,
}

/// <summary>Several NICs as one.</summary>
public sealed record BondSpec : InterfaceSpec
{
    public required string Name { get; init; }

    public BondMode Mode { get; init; }

    /// <summary>Keys of NICs.</summary>
    public ImmutableArray<string> Members { get; init; } = [];

    /// <summary>Key of the member that is used while it has a link; null: none is preferred.</summary>
    public string? Primary { get; init; }

    /// <summary><c>layer2</c>, <c>layer2+3</c>, <c>layer3+4</c>; null: the kernel's.</summary>
    public string? HashPolicy { get; init; }

    /// <summary>LACP packets each second, and not each 30 seconds.</summary>
    public bool FastLacp { get; init; }

    public override string Key => Name;
}

/// <param name="Id">1 to 4094 (IEEE 802.1Q).</param>
/// <param name="Link">Key of the NIC, bond or bridge that carries it.</param>
public sealed record VlanSpec(string Name, int Id, string Link) : InterfaceSpec
{
    public override string Key => Name;
}

/// <summary>A switch in software: what guests are plugged into.</summary>
public sealed record BridgeSpec : InterfaceSpec
{
    public required string Name { get; init; }

    /// <summary>Keys of NICs, bonds and VLANs.</summary>
    public ImmutableArray<string> Members { get; init; } = [];

    /// <summary>The spanning tree protocol.</summary>
    public bool Stp { get; init; }

    public override string Key => Name;
}

/// <summary>Resolvers and search domains.</summary>
public sealed record DnsSpec
{
    public ImmutableArray<IPAddress> Servers { get; init; } = [];

    public ImmutableArray<string> Search { get; init; } = [];
}
