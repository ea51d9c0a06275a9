using System.Collections.Immutable;
using System.Net;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Profiles;

/// <summary>An address with its prefix length.</summary>
public sealed record AddressSpec(IPAddress Address, int PrefixLength)
{
    public override string ToString() => $"{Address}/{PrefixLength}";
}

/// <summary>A network interface, told by its MAC and not by a name that differs between kernels and hypervisors.</summary>
public sealed record NicSpec
{
    /// <summary>Null: the NIC that the machine netbooted from, written <c>boot</c>; it survives a change of hardware.</summary>
    public MacAddress? Mac { get; init; }

    public bool Dhcp { get; init; } = true;

    public ImmutableArray<AddressSpec> Addresses { get; init; } = [];

    /// <summary>The default route.</summary>
    public IPAddress? Gateway { get; init; }

    public ImmutableArray<IPAddress> DnsServers { get; init; } = [];

    /// <summary>Bytes; null: the driver's default.</summary>
    public int? Mtu { get; init; }
}

/// <summary>Resolvers and search domains.</summary>
public sealed record DnsSpec
{
    public ImmutableArray<IPAddress> Servers { get; init; } = [];

    public ImmutableArray<string> Search { get; init; } = [];
}
