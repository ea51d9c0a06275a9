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
    private readonly List<Pool> _pools = [];
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
                var pool = new Pool(range);
                foreach (var address in subnet.Unpooled.Concat(_entries.Keys).Where(range.Contains))
                {
                    pool.Unused.Take(address);
                }

                foreach (var lease in _entries.Values.Select(e => e.Current).Where(l => range.Contains(l.Address) && IsForAnyone(l.Address)))
                {
                    pool.Leased.Add((lease.ExpiresAt, lease.Address));
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
            if (pool.Unused.FindFree() is { } address)
            {
                return address;
            }
        }

        return PoolsOf(subnet).Select(p => Ended(p, now).FirstOrDefault()).OfType<Lease>().MinBy(l => l.ExpiresAt)?.Address;
    }

    /// <summary>
    /// A client that nobody declared may have one more address of the pools: enough are left for the declared machines
    /// that have none yet. Anyone can forge as many MACs as the pools have addresses.
    /// </summary>
    public bool HasRoomForStranger(Subnet subnet, DateTimeOffset now)
    {
        var unused = PoolsOf(subnet).Sum(p => p.Unused.FreeCount);
        var left = unused > subnet.KeptAtMost ? unused : unused + PoolsOf(subnet).SelectMany(p => Ended(p, now)).Take(subnet.KeptAtMost + 1).Count();
        if (left == 0 || left > subnet.KeptAtMost)
        {
            return left > 0;
        }

        var waiting = subnet.Unreserved.Count(mac => !Of(mac).Any(l => l.IsLive(now) && l.State is not LeaseState.Declined && subnet.Contains(l.Address)));
        return left > waiting;
    }

    /// <summary>
    /// Addresses of a pool that had a client, and that another may have now; the one that ended longest ago first. In the order of their ends, so
    /// that it stops at the first that goes on: a flood asks this with each packet, when a pool of thousands is full.
    /// </summary>
    private IEnumerable<Lease> Ended(Pool pool, DateTimeOffset now) => pool.Leased.Select(l => _entries[l.Address].Current).TakeWhile(l => !l.IsLive(now));

    private IEnumerable<Pool> PoolsOf(Subnet subnet) => _pools.Where(p => subnet.Contains(p.Unused.Range.First));

    /// <summary>No machine has a reservation there, and clients may have it at all.</summary>
    private bool IsForAnyone(Ipv4Address address) => _snapshot.Find(address) is { } subnet && !subnet.IsWithheld(address) && subnet.ReservationAt(address) is null;

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
            PoolOf(lease.Address)?.Unused.Take(lease.Address);
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
        if (PoolOf(address) is { } pool && IsForAnyone(address))
        {
            pool.Unused.Free(address);
        }
    }

    private Pool? PoolOf(Ipv4Address address)
    {
        foreach (var pool in _pools)
        {
            if (pool.Unused.Range.Contains(address))
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
        if (PoolOf(lease.Address) is { } pool && IsForAnyone(lease.Address))
        {
            pool.Leased.Add((lease.ExpiresAt, lease.Address));
        }
    }

    private void Unindex(Lease lease)
    {
        Remove(_byClient, lease.Client, lease.Address);
        Remove(_byMac, lease.Mac, lease.Address);
        PoolOf(lease.Address)?.Leased.Remove((lease.ExpiresAt, lease.Address));
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

    private sealed class Pool(AddressRange range)
    {
        public AddressBitmap Unused { get; } = new(range);

        /// <summary>The others that anyone may have, by when their leases end or ended.</summary>
        public SortedSet<(long EndsAt, Ipv4Address Address)> Leased { get; } = [];
    }

    private sealed class Entry
    {
        public required Lease Current { get; set; }

        public Lease? Durable { get; set; }
    }
}
