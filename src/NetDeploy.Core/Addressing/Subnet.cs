using System.Collections.Frozen;
using System.Collections.Immutable;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>An inclusive range of addresses.</summary>
public readonly record struct AddressRange(Ipv4Address First, Ipv4Address Last)
{
    public int Count => (int)(Last.Value - First.Value + 1);

    public bool Contains(Ipv4Address address) => address >= First && address <= Last;

    public bool Overlaps(AddressRange other) => First <= other.Last && other.First <= Last;

    public override string ToString() => $"{First} to {Last}";
}

/// <summary>A network made ready for decisions: numbers instead of texts, its reservations by either key. Made by <see cref="AddressingSnapshot.Compile"/>.</summary>
public sealed class Subnet
{
    private readonly FrozenDictionary<MacAddress, Reservation> _byMac;
    private readonly FrozenDictionary<Ipv4Address, Reservation> _byAddress;
    private readonly FrozenSet<Ipv4Address> _withheld;

    internal Subnet(NetworkSpec spec, AddressRange range, ImmutableArray<AddressRange> pools, IReadOnlyCollection<Reservation> reservations, IEnumerable<MacAddress> declared, IEnumerable<Ipv4Address> serverAddresses, IEnumerable<Ipv4Address> fixedAddresses)
    {
        Spec = spec;
        Range = range;
        Pools = pools;
        _byMac = reservations.ToFrozenDictionary(r => r.Mac);
        _byAddress = reservations.ToFrozenDictionary(r => Ipv4Address.From(r.Address));
        IEnumerable<Ipv4Address> router = spec.Router is null ? [] : [Ipv4Address.From(spec.Router)];
        Unreserved = [.. declared.Where(mac => !_byMac.ContainsKey(mac)).Distinct()];
        KeptAtMost = Math.Min(Unreserved.Length, pools.Sum(p => p.Count) / 2);
        _withheld = [range.First, range.Last, .. router, .. serverAddresses, .. fixedAddresses.Where(a => !_byAddress.ContainsKey(a))];
    }

    public NetworkSpec Spec { get; }

    public string Name => Spec.Name;

    /// <summary>The NICs of declared machines that have no reservation here: each may come and need an address of the pools.</summary>
    internal ImmutableArray<MacAddress> Unreserved { get; }

    /// <summary>So many addresses of the pools are kept for them, at most: half, since strangers are clients as well.</summary>
    internal int KeptAtMost { get; }

    /// <summary>From the subnet's own address to its broadcast address.</summary>
    public AddressRange Range { get; }

    public ImmutableArray<AddressRange> Pools { get; }

    public Ipv4Address Mask => new(~(Range.First.Value ^ Range.Last.Value));

    public Ipv4Address BroadcastAddress => Range.Last;

    public bool Contains(Ipv4Address address) => Range.Contains(address);

    public bool IsInPool(Ipv4Address address)
    {
        foreach (var pool in Pools)
        {
            if (pool.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>No client ever gets it: the subnet's own, its broadcast address, the router's, the server's, or one that a system has without asking.</summary>
    public bool IsWithheld(Ipv4Address address) => _withheld.Contains(address);

    public Reservation? ReservationOf(MacAddress mac) => _byMac.GetValueOrDefault(mac);

    public Reservation? ReservationAt(Ipv4Address address) => _byAddress.GetValueOrDefault(address);

    /// <summary>The addresses of the pools that no client without a reservation may have.</summary>
    internal IEnumerable<Ipv4Address> Unpooled => _withheld.Concat(_byAddress.Keys);
}
