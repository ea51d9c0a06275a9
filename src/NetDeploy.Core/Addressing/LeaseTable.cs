using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>
/// Every address that has or had a client. Beside what an address is now, the table remembers what the journal
/// holds of it, so that a change which could not be written is taken back. Not thread-safe: its owner locks.
/// Bounded by the pools and reservations: an address has one entry, and only theirs are leased.
/// </summary>
public sealed class LeaseTable
{
    private readonly Dictionary<Ipv4Address, Entry> _entries = [];
    private readonly Dictionary<LeaseKey, List<Ipv4Address>> _byClient = [];
    private readonly Dictionary<MacAddress, List<Ipv4Address>> _byMac = [];
    private readonly List<AddressBitmap> _pools = [];
    private AddressingSnapshot _snapshot = AddressingSnapshot.Empty;

    public int Count => _entries.Count;

    /// <summary>What the journal holds, for its compaction.</summary>
    public IEnumerable<Lease> Durable => _entries.Values.Select(e => e.Durable).OfType<Lease>();

    public IEnumerable<Lease> All => _entries.Values.Select(e => e.Current);

    /// <summary>Makes the pools of a snapshot the ones that <see cref="FindFree"/> searches.</summary>
    public void Use(AddressingSnapshot snapshot)
    {
        if (ReferenceEquals(snapshot, _snapshot))
        {
            return;
        }

        _snapshot = snapshot;
        _pools.Clear();
        foreach (var subnet in snapshot.Subnets)
        {
            foreach (var range in subnet.Pools)
            {
                var pool = new AddressBitmap(range);
                foreach (var address in subnet.Unpooled.Concat(_entries.Keys).Where(range.Contains))
                {
                    pool.Take(address);
                }

                _pools.Add(pool);
            }
        }
    }

    public Lease? At(Ipv4Address address) => _entries.TryGetValue(address, out var entry) ? entry.Current : null;

    /// <summary>What the journal holds of the address.</summary>
    public Lease? DurableAt(Ipv4Address address) => _entries.TryGetValue(address, out var entry) ? entry.Durable : null;

    public IEnumerable<Lease> Of(LeaseKey client) => Known(_byClient, client);

    public IEnumerable<Lease> Of(MacAddress mac) => Known(_byMac, mac);

    /// <summary>
    /// An address of the subnet's pools for a new client: one never used, else the one whose binding ended longest
    /// ago. Null: the pools are exhausted.
    /// </summary>
    public Ipv4Address? FindFree(Subnet subnet, DateTimeOffset now)
    {
        foreach (var pool in PoolsOf(subnet))
        {
            if (pool.FindFree() is { } address)
            {
                return address;
            }
        }

        return Ended(subnet, now).MinBy(l => l.ExpiresAt)?.Address;
    }

    /// <summary>
    /// A client that nobody declared may have one more address of the pools: enough are left for the declared machines
    /// that have none yet. Anyone can forge as many MACs as the pools have addresses.
    /// </summary>
    public bool HasRoomForStranger(Subnet subnet, DateTimeOffset now)
    {
        var unused = PoolsOf(subnet).Sum(p => p.FreeCount);
        if (unused > subnet.KeptAtMost)
        {
            return true;
        }

        var waiting = subnet.Unreserved.Count(mac => !Of(mac).Any(l => l.IsLive(now) && l.State is not LeaseState.Declined && subnet.Contains(l.Address)));
        return unused + Ended(subnet, now).Count() > Math.Min(waiting, subnet.KeptAtMost);
    }

    /// <summary>Addresses of the pools that had a client, and that another may have now.</summary>
    private IEnumerable<Lease> Ended(Subnet subnet, DateTimeOffset now) => _entries.Values.Select(e => e.Current).Where(lease =>
        !lease.IsLive(now) && subnet.IsInPool(lease.Address) && !subnet.IsWithheld(lease.Address) && subnet.ReservationAt(lease.Address) is null);

    private IEnumerable<AddressBitmap> PoolsOf(Subnet subnet) => _pools.Where(p => subnet.Contains(p.Range.First));

    /// <summary>Makes the change in memory. One that is not an offer has to be confirmed or reverted afterwards.</summary>
    public void Put(Lease lease)
    {
        if (lease.State is LeaseState.Withdrawn)
        {
            GoBack(lease.Address);
            return;
        }

        if (_entries.TryGetValue(lease.Address, out var entry))
        {
            Unindex(entry.Current);
            entry.Current = lease;
        }
        else
        {
            _entries.Add(lease.Address, new Entry { Current = lease });
            PoolOf(lease.Address)?.Take(lease.Address);
        }

        Index(lease);
    }

    /// <summary>The journal holds the lease now.</summary>
    public void Confirm(Lease lease)
    {
        if (_entries.TryGetValue(lease.Address, out var entry))
        {
            entry.Durable = lease;
        }
    }

    /// <summary>The journal could not take the lease. A later change of the same address stays: it has an outcome of its own.</summary>
    public void Revert(Lease lease)
    {
        if (ReferenceEquals(At(lease.Address), lease))
        {
            GoBack(lease.Address);
        }
    }

    /// <summary>Takes a lease from the journal at start; the last one of an address wins.</summary>
    public void Load(Lease lease)
    {
        Put(lease);
        Confirm(lease);
    }

    private void GoBack(Ipv4Address address)
    {
        if (!_entries.TryGetValue(address, out var entry))
        {
            return;
        }

        Unindex(entry.Current);
        if (entry.Durable is { } durable)
        {
            entry.Current = durable;
            Index(durable);
            return;
        }

        _entries.Remove(address);
        if (PoolOf(address) is { } pool && _snapshot.Find(address) is { } subnet && !subnet.IsWithheld(address) && subnet.ReservationAt(address) is null)
        {
            pool.Free(address);
        }
    }

    private AddressBitmap? PoolOf(Ipv4Address address)
    {
        foreach (var pool in _pools)
        {
            if (pool.Range.Contains(address))
            {
                return pool;
            }
        }

        return null;
    }

    private void Index(Lease lease)
    {
        Add(_byClient, lease.Client, lease.Address);
        Add(_byMac, lease.Mac, lease.Address);
    }

    private void Unindex(Lease lease)
    {
        Remove(_byClient, lease.Client, lease.Address);
        Remove(_byMac, lease.Mac, lease.Address);
    }

    private IEnumerable<Lease> Known<TKey>(Dictionary<TKey, List<Ipv4Address>> index, TKey key)
        where TKey : notnull =>
        index.TryGetValue(key, out var addresses) ? addresses.Select(a => _entries[a].Current) : [];

    private static void Add<TKey>(Dictionary<TKey, List<Ipv4Address>> index, TKey key, Ipv4Address address)
        where TKey : notnull
    {
        if (!index.TryGetValue(key, out var addresses))
        {
            index.Add(key, addresses = new List<Ipv4Address>(1));
        }

        addresses.Add(address);
    }

    private static void Remove<TKey>(Dictionary<TKey, List<Ipv4Address>> index, TKey key, Ipv4Address address)
        where TKey : notnull
    {
        if (index.TryGetValue(key, out var addresses) && addresses.Remove(address) && addresses.Count == 0)
        {
            index.Remove(key);
        }
    }

    private sealed class Entry
    {
        public required Lease Current { get; set; }

        public Lease? Durable { get; set; }
    }
}
