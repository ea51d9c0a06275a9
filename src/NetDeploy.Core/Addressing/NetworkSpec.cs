using System.Collections.Immutable;
using System.Net;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Addressing;

/// <summary>How the server behaves on a network: <c>authoritative</c> leases addresses; the other two leave that to a foreign server.</summary>
public enum NetworkMode
{
    Authoritative,
    Proxy,
    Shadow,
}

/// <summary>Which loader UEFI firmware gets. The server cannot see whether Secure Boot is on, so shim is the default: it starts in both states.</summary>
public enum UefiLoader
{
    Shim,
    Ipxe,
}

/// <summary>An inclusive range of IPv4 addresses leased to clients without a reservation.</summary>
public sealed record AddressPool(IPAddress First, IPAddress Last);

/// <summary>A subnet the server answers on; the document kind <c>Network</c>, compiled.</summary>
public sealed record NetworkSpec
{
    public required string Name { get; init; }

    /// <summary>The IPv4 subnet, such as 10.77.0.0/24.</summary>
    public required IPNetwork Subnet { get; init; }

    public NetworkMode Mode { get; init; } = NetworkMode.Authoritative;

    public ImmutableArray<AddressPool> Pools { get; init; } = [];

    /// <summary>Option 3; null where the subnet has no way out.</summary>
    public IPAddress? Router { get; init; }

    public ImmutableArray<IPAddress> DnsServers { get; init; } = [];

    public string? Domain { get; init; }

    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromHours(1);

    public UefiLoader UefiLoader { get; init; } = UefiLoader.Shim;

    /// <summary>
    /// The relays (giaddr) whose option 82 is believed here. Whoever runs them keeps clients from sending relayed packets
    /// themselves, as RFC 3046 section 2.1 has it. From no other does option 82 say anything.
    /// </summary>
    public ImmutableArray<IPAddress> Relays { get; init; } = [];
}

/// <summary>An address that belongs to a machine's NIC, whatever pool it lies in.</summary>
public sealed record Reservation(MacAddress Mac, IPAddress Address, string HostName);
