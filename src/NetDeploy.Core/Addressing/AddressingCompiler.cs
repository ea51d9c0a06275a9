using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>
/// Networks and reservations to a snapshot, or everything that is wrong with them. What a document alone shows is found by
/// the loader, at its line; this also sees what the server knows: its own addresses, and bindings that moved.
/// </summary>
internal sealed class AddressingCompiler
{
    /// <summary>Shorter leases than a boot takes would end in the middle of one.</summary>
    private static readonly TimeSpan s_shortestLease = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan s_longestLease = TimeSpan.FromDays(365);

    /// <summary>A pool's bitmap is 1/8 of this; /16 is the largest subnet anyone boots in.</summary>
    private const int LargestPool = 1 << 20;

    private readonly ImmutableArray<AddressingDiagnostic>.Builder _diagnostics = ImmutableArray.CreateBuilder<AddressingDiagnostic>();

    public AddressingCompilation Compile(ImmutableArray<NetworkSpec> networks, ImmutableArray<Reservation> reservations, ImmutableArray<Ipv4Address> serverAddresses, ImmutableArray<MacAddress> declared, ImmutableArray<Ipv4Address> fixedAddresses)
    {
        var ranges = new List<(NetworkSpec Network, AddressRange Range)>();
        foreach (var network in networks)
        {
            if (RangeOf(network) is { } range)
            {
                CheckAgainstEarlier(network, range, ranges);
                ranges.Add((network, range));
            }
        }

        var reserved = CheckReservations(reservations, ranges);
        var subnets = ImmutableArray.CreateBuilder<Subnet>();
        foreach (var (network, range) in ranges)
        {
            CheckNetwork(network, range);
            var pools = Pools(network, range);
            if (_diagnostics.Count == 0)
            {
                subnets.Add(new Subnet(network, range, pools, [.. reserved.Where(r => ReferenceEquals(r.Network, network)).Select(r => r.Reservation)], declared, serverAddresses, fixedAddresses));
            }
        }

        return _diagnostics.Count == 0
            ? new AddressingCompilation(new AddressingSnapshot(subnets.ToImmutable(), serverAddresses, declared.Concat(reservations.Select(r => r.Mac)).ToFrozenSet()), [])
            : new AddressingCompilation(null, _diagnostics.ToImmutable());
    }

    private AddressRange? RangeOf(NetworkSpec network)
    {
        var subnet = network.Subnet;
        if (subnet.BaseAddress.AddressFamily != AddressFamily.InterNetwork || subnet.PrefixLength is < 8 or > 30)
        {
            Report(network, $"subnet {subnet} is not an IPv4 subnet of /8 to /30", "write it as 10.77.0.0/24");
            return null;
        }

        var first = Ipv4Address.From(subnet.BaseAddress);
        return new AddressRange(first, new Ipv4Address(first.Value | (uint.MaxValue >> subnet.PrefixLength)));
    }

    private void CheckAgainstEarlier(NetworkSpec network, AddressRange range, List<(NetworkSpec Network, AddressRange Range)> earlier)
    {
        foreach (var (other, otherRange) in earlier)
        {
            if (other.Name == network.Name)
            {
                Report(network, "the name is used twice", "rename one");
            }

            if (otherRange.Overlaps(range))
            {
                Report(network, $"subnet {network.Subnet} overlaps {other.Subnet} of network {other.Name}", "a client has to be on one network: make them apart, or one network with two pools");
            }
        }
    }

    private void CheckNetwork(NetworkSpec network, AddressRange range)
    {
        if (network.LeaseTime < s_shortestLease || network.LeaseTime > s_longestLease)
        {
            Report(network, $"a lease time of {network.LeaseTime} is out of bounds", "use 1 minute to 365 days");
        }

        if (network.Router is not null && !IsInside(network.Router, range))
        {
            Report(network, $"router {network.Router} is not in {network.Subnet}", "clients reach a router only on their own subnet");
        }

        foreach (var dns in network.DnsServers.Where(d => d.AddressFamily != AddressFamily.InterNetwork))
        {
            Report(network, $"DNS server {dns} is not an IPv4 address", "DHCPv4 can hand out IPv4 addresses only");
        }
    }

    private ImmutableArray<AddressRange> Pools(NetworkSpec network, AddressRange range)
    {
        var pools = ImmutableArray.CreateBuilder<AddressRange>();
        foreach (var spec in network.Pools)
        {
            if (!IsInside(spec.First, range) || !IsInside(spec.Last, range))
            {
                Report(network, $"pool {spec.First} to {spec.Last} is not inside {network.Subnet}", "take addresses between the subnet's own and its broadcast address");
                continue;
            }

            var pool = new AddressRange(Ipv4Address.From(spec.First), Ipv4Address.From(spec.Last));
            if (pool.First > pool.Last)
            {
                Report(network, $"pool {pool} ends before it begins", "swap first and last");
            }
            else if (pool.Last.Value - pool.First.Value >= LargestPool)
            {
                Report(network, $"pool {pool} has more than {LargestPool} addresses", "part it over several networks");
            }
            else if (pools.Any(pool.Overlaps))
            {
                Report(network, $"pool {pool} overlaps {pools.First(pool.Overlaps)}", "merge them into one");
            }
            else
            {
                pools.Add(pool);
            }
        }

        return pools.ToImmutable();
    }

    private List<(NetworkSpec Network, Reservation Reservation)> CheckReservations(ImmutableArray<Reservation> reservations, List<(NetworkSpec Network, AddressRange Range)> ranges)
    {
        var kept = new List<(NetworkSpec Network, Reservation Reservation)>();
        var byAddress = new Dictionary<(string Network, IPAddress Address), Reservation>();
        var byMac = new Dictionary<(string Network, MacAddress Mac), Reservation>();
        foreach (var reservation in reservations)
        {
            var network = ranges.FirstOrDefault(r => IsInside(reservation.Address, r.Range)).Network;
            if (network is null)
            {
                Report(reservation, $"{reservation.Address} is on none of the networks", "take an address of a network, other than its own and its broadcast address");
                continue;
            }

            if (reservation.Mac.IsZero || reservation.Mac.IsMulticast)
            {
                Report(reservation, "no NIC has this MAC address", "take the one on the NIC's label: its first byte is even");
            }

            if (network.Mode == NetworkMode.Proxy)
            {
                Report(reservation, $"{reservation.Address} is on network {network.Name}, whose addresses another server leases (mode proxy)",
                    "reserve it in that server and remove it here, or give the installed system a static one (system, nics, addresses)");
            }

            if (reservation.Address.Equals(network.Router))
            {
                Report(reservation, $"{reservation.Address} is the router of network {network.Name}", "take another address");
            }

            if (!byAddress.TryAdd((network.Name, reservation.Address), reservation))
            {
                var other = byAddress[(network.Name, reservation.Address)];
                Report(reservation, $"{reservation.Address} is reserved for {other.Mac} ({other.HostName}) as well", "give one of them another address");
            }
            else if (!byMac.TryAdd((network.Name, reservation.Mac), reservation))
            {
                Report(reservation, $"network {network.Name} has {byMac[(network.Name, reservation.Mac)].Address} reserved for this MAC as well", "keep one of the two");
            }

            kept.Add((network, reservation));
        }

        return kept;
    }

    private static bool IsInside(IPAddress address, AddressRange range) =>
        address.AddressFamily == AddressFamily.InterNetwork
        && Ipv4Address.From(address) is var a && a > range.First && a < range.Last;

    private void Report(NetworkSpec network, string problem, string remedy) =>
        _diagnostics.Add(new AddressingDiagnostic($"network {network.Name}", problem, remedy) { Network = network.Name });

    private void Report(Reservation reservation, string problem, string remedy) =>
        _diagnostics.Add(new AddressingDiagnostic($"reservation {reservation.Mac} ({reservation.HostName})", problem, remedy) { Machine = reservation.HostName });
}
