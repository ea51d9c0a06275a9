using System.Collections.Immutable;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>What one packet leads to: a reply or none, the changes to the leases, and why.</summary>
public sealed record AddressingDecision
{
    /// <summary>For the log and the timeline: every refusal says why.</summary>
    public required string Reason { get; init; }

    /// <summary>OFFER, ACK or NAK; <see cref="DhcpMessageType.None"/>: no reply.</summary>
    public DhcpMessageType Reply { get; init; }

    /// <summary>The network of the client; null where there is none of ours.</summary>
    public Subnet? Subnet { get; init; }

    /// <summary>yiaddr; 0.0.0.0 in a NAK and in the answer to an INFORM.</summary>
    public Ipv4Address Address { get; init; }

    /// <summary>Option 51; null in a NAK and in the answer to an INFORM. Never beyond what the journal holds, once it holds the changes.</summary>
    public TimeSpan? LeaseTime { get; init; }

    /// <summary>Option 12: the reservation's host name.</summary>
    public string? HostName { get; init; }

    /// <summary>The client uses its ciaddr already, so that it can be answered there.</summary>
    public bool AnswersClientAddress { get; init; }

    /// <summary>The address is another server's: the reply holds a boot file or is not sent at all.</summary>
    public bool IsProxied { get; init; }

    /// <summary>Where the reply goes that <see cref="ReplyRoute.Of"/> could not know of; null: where RFC 2131 has it.</summary>
    public ReplyRoute? Route { get; init; }

    /// <summary>On a network in mode shadow: what would have been said. Nothing is.</summary>
    public AddressingDecision? Shadowed { get; init; }

    /// <summary>Another DHCP server, as the client names it: its address is from there.</summary>
    public Ipv4Address? ForeignServer { get; init; }

    public ImmutableArray<Lease> Changes { get; init; } = [];

    /// <summary>The reply waits until the changes are on the disk.</summary>
    public bool NeedsJournal => Changes.Any(c => c.State is LeaseState.Bound or LeaseState.Released or LeaseState.Declined);

    public static AddressingDecision Ignore(string reason, Subnet? subnet = null) => new() { Reason = reason, Subnet = subnet };
}
