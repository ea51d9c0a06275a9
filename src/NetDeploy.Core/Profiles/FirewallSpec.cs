using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles;

/// <summary>What a machine does with packets that no rule is about.</summary>
public enum FirewallPolicy
{
    Drop,
    Accept,
}

public enum FirewallProtocol
{
    Tcp,
    Udp,
}

/// <summary>
/// What comes in and what passes through. Whatever goes out is allowed, and so is what answers it; so are loopback, ICMP errors
/// and echo, neighbour discovery and DHCP: without them a machine is not on the network at all.
/// </summary>
/// <param name="Incoming">For packets to the machine itself.</param>
/// <param name="Forwarded">For packets that it routes; those that a bridge passes on are not among them.</param>
public sealed record FirewallSpec(FirewallPolicy Incoming, FirewallPolicy Forwarded, ImmutableArray<FirewallRule> Allow);

/// <summary>Packets that come in although the policy drops them; each part narrows.</summary>
public sealed record FirewallRule
{
    public required string Name { get; init; }

    /// <summary>Null: any.</summary>
    public FirewallProtocol? Protocol { get; init; }

    /// <summary>Empty: all.</summary>
    public ImmutableArray<PortRange> Ports { get; init; } = [];

    /// <summary>Subnets that packets come from; empty: anywhere.</summary>
    public ImmutableArray<AddressSpec> Sources { get; init; } = [];

    /// <summary>Name of the interface they come in by; null: any.</summary>
    public string? Interface { get; init; }
}

/// <summary>Both inclusive.</summary>
public sealed record PortRange(int First, int Last);
