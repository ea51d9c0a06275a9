using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>What an address is to its client.</summary>
public enum LeaseState : byte
{
    /// <summary>Kept for a client that got an OFFER; in memory only.</summary>
    Offered = 1,

    /// <summary>Acknowledged. After its end the binding is remembered until someone else needs the address.</summary>
    Bound = 2,

    /// <summary>Given back (RELEASE, or the client has another address now); remembered like an ended lease.</summary>
    Released = 3,

    /// <summary>In use by a stranger, as a client found (DECLINE): nobody gets it before its time.</summary>
    Declined = 4,

    /// <summary>An offer taken back: the address is again what the journal says of it. Never stored.</summary>
    Withdrawn = 5,
}

/// <summary>Whose a lease is.</summary>
/// <param name="Identity"><c>mac:</c> and the MAC, or <c>id:</c> and option 61 in hex.</param>
public readonly record struct LeaseKey(string Identity)
{
    public bool IsMac => Identity.StartsWith("mac:", StringComparison.Ordinal);

    public static LeaseKey OfMac(MacAddress mac) => new($"mac:{mac}");

    public static LeaseKey OfClientIdentifier(string hex) => new($"id:{hex}");

    public override string ToString() => Identity;
}

/// <summary>One address and the client it belongs to.</summary>
public sealed record Lease
{
    public required Ipv4Address Address { get; init; }

    public required LeaseKey Client { get; init; }

    public required MacAddress Mac { get; init; }

    public required LeaseState State { get; init; }

    /// <summary>Unix milliseconds: a lease outlives the process, so it is the wall clock's.</summary>
    public required long ExpiresAt { get; init; }

    /// <summary>
    /// The NIC has netbooted, or had a reservation: from then on every program on it is known by its MAC, whatever
    /// option 61 it sends.
    /// </summary>
    public bool GoesByMac { get; init; }

    public string? HostName { get; init; }

    /// <summary>The network's name when the lease was made; for people to read.</summary>
    public required string Network { get; init; }

    /// <summary>Nobody else may have the address now.</summary>
    public bool IsLive(DateTimeOffset now) =>
        State is LeaseState.Offered or LeaseState.Bound or LeaseState.Declined && ExpiresAt > now.ToUnixTimeMilliseconds();
}
