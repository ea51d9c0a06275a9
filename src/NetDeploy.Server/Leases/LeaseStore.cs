using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Addressing;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;
using NetDeploy.Server.Linux;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Leases;

/// <summary>Owns the lease table and its journal. Decisions are made one after another under its lock; their replies leave when the journal has the changes.</summary>
public sealed class LeaseStore : ILeaseTable, IDisposable
{
    private readonly Lock _lock = new();
    private readonly LeaseTable _table = new();
    private readonly Journal _journal;
    private readonly JournalCommitter _committer;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private bool _failing;

    private LeaseStore(string path, TimeProvider time, ILogger logger, JournalCommitterOptions options, IJournalStorage? storage)
    {
        _time = time;
        _logger = logger;
        _journal = Journal.Open(path, record => Load(path, record), storage);
        if (_journal.TornBytes > 0)
        {
            LeaseLog.TornTailCut(logger, path, _journal.TornBytes);
        }

        LeaseLog.Opened(logger, path, _table.Count);
        _committer = new JournalCommitter(_journal, options, DurableRecords, error => LeaseLog.CompactionFailed(logger, error));
    }

    /// <summary>Opens the journal, made where missing.</summary>
    /// <exception cref="ServerFault">It is damaged or of a newer version, it cannot be opened, or another process has it.</exception>
    public static LeaseStore Open(
        string path, TimeProvider time, ILogger<LeaseStore> logger, JournalCommitterOptions? options = null, IJournalStorage? storage = null)
    {
        try
        {
            return new LeaseStore(path, time, logger, options ?? new JournalCommitterOptions(), storage);
        }
        catch (JournalDamagedException damage)
        {
            throw new ServerFault(
                damage.Message + " Starting without them could give one address to two machines.",
                "Restore the file from a backup; or, if every client of the last lease time is off, move it away and start anew; or keep what "
                + $"precedes the damage with: truncate --size={damage.At} '{path}'",
                damage);
        }
        catch (IOException failure)
        {
            throw new ServerFault(
                $"The lease journal cannot be opened: {failure.Message}", DiskJournalStorage.RemedyOf(failure), failure);
        }
    }

    /// <summary>
    /// Lets <paramref name="decide"/> look at the table and makes its changes. A decision that needs the journal is
    /// then on its way there, and <paramref name="outcome"/> is called on the journal's thread; any other is final.
    /// </summary>
    /// <param name="outcome">True: durable. False: lost and taken back; the client must not be told that it has the address.</param>
    public AddressingDecision Decide(AddressingSnapshot snapshot, Func<LeaseTable, DateTimeOffset, AddressingDecision> decide, Action<AddressingDecision, bool> outcome)
    {
        AddressingDecision decision;
        lock (_lock)
        {
            _table.Use(snapshot);
            decision = decide(_table, _time.GetUtcNow());
            foreach (var change in decision.Changes)
            {
                _table.Put(change);
            }

            if (!decision.NeedsJournal)
            {
                return decision;
            }

            // Submitted within the lock: the journal has changes of one address in the order they were decided.
            var entry = new Entry(this, decision.Changes, durable => outcome(decision, durable));
            if (_committer.TrySubmit(entry))
            {
                return decision;
            }

            TakeBack(decision.Changes);
        }

        LeaseLog.QueueFull(_logger);
        outcome(decision, false);
        return decision;
    }

    /// <summary>Gives back every lease of a NIC: its hardware was replaced or forgotten, so that its address is free at once.</summary>
    /// <exception cref="IOException">The journal could not take it; the leases are as they were.</exception>
    public Task ForgetAsync(MacAddress mac)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            ImmutableArray<Lease> changes =
            [
                .. _table.Of(mac).Where(l => l.State is LeaseState.Offered or LeaseState.Bound).ToList()
                    .Select(l => l with { State = LeaseState.Released, ExpiresAt = now.ToUnixTimeMilliseconds() }),
            ];
            foreach (var change in changes)
            {
                _table.Put(change);
            }

            var entry = new Entry(this, changes, durable => Complete(done, durable));
            if (!_committer.TrySubmit(entry))
            {
                TakeBack(changes);
                Complete(done, false);
            }
        }

        return done.Task;
    }

    public LeaseHolder? FindByAddress(IPAddress address)
    {
        var plain = address.Plain();
        if (plain.AddressFamily != AddressFamily.InterNetwork)
        {
            return null;
        }

        lock (_lock)
        {
            return _table.At(Ipv4Address.From(plain)) is { } lease ? Holder(lease, _time.GetUtcNow()) : null;
        }
    }

    public IReadOnlyList<LeaseHolder> FindByMac(MacAddress mac)
    {
        lock (_lock)
        {
            return Holders(_table.Of(mac));
        }
    }

    internal IReadOnlyList<LeaseHolder> All()
    {
        lock (_lock)
        {
            return Holders(_table.All);
        }
    }

    /// <summary>Writes what is on its way, and closes the journal.</summary>
    public void Dispose()
    {
        _committer.Dispose();
        _journal.Dispose();
    }

    private List<LeaseHolder> Holders(IEnumerable<Lease> leases)
    {
        var now = _time.GetUtcNow();
        return [.. leases.Select(l => Holder(l, now)).OfType<LeaseHolder>().OrderByDescending(h => h.ExpiresAt)];
    }

    /// <summary>An OFFER put over a lease that is about to end hides it: what the journal holds counts as well.</summary>
    private LeaseHolder? Holder(Lease lease, DateTimeOffset now)
    {
        var bound = lease.State is LeaseState.Offered ? _table.DurableAt(lease.Address) : lease;
        return bound is { State: LeaseState.Bound } && bound.IsLive(now)
            ? new LeaseHolder(bound.Mac, bound.Address.ToIPAddress(), bound.Network, DateTimeOffset.FromUnixTimeMilliseconds(bound.ExpiresAt), bound.HostName)
            : null;
    }

    private void Load(string path, ReadOnlySpan<byte> record)
    {
        if (!LeaseRecord.TryRead(record, out var lease))
        {
            throw new ServerFault($"The journal {path} was written by a newer version.", "Start that version, or restore the file from before the upgrade.");
        }

        _table.Load(lease);
    }

    private IReadOnlyList<ReadOnlyMemory<byte>> DurableRecords()
    {
        lock (_lock)
        {
            return [.. _table.Durable.Select(l => (ReadOnlyMemory<byte>)LeaseRecord.Write(l))];
        }
    }

    private void TakeBack(ImmutableArray<Lease> changes)
    {
        for (var i = changes.Length - 1; i >= 0; i--)
        {
            _table.Revert(changes[i]);
        }
    }

    private static void Complete(TaskCompletionSource done, bool durable)
    {
        if (durable)
        {
            done.SetResult();
        }
        else
        {
            done.SetException(new IOException("The lease journal could not be written; see the log."));
        }
    }

    private sealed class Entry(LeaseStore store, ImmutableArray<Lease> changes, Action<bool> outcome) : IJournalEntry
    {
        public IReadOnlyList<ReadOnlyMemory<byte>> Records { get; } =
        [
            .. changes.Where(c => c.State is LeaseState.Bound or LeaseState.Released or LeaseState.Declined)
                .Select(c => (ReadOnlyMemory<byte>)LeaseRecord.Write(c)),
        ];

        public void Committed()
        {
            lock (store._lock)
            {
                foreach (var change in changes.Where(c => c.State is LeaseState.Bound or LeaseState.Released or LeaseState.Declined))
                {
                    store._table.Confirm(change);
                }
            }

            if (store._failing)
            {
                store._failing = false;
                LeaseLog.WritesAgain(store._logger);
            }

            outcome(true);
        }

        public void Failed(IOException error)
        {
            lock (store._lock)
            {
                store.TakeBack(changes);
            }

            if (!store._failing)
            {
                store._failing = true;
                LeaseLog.CannotWrite(store._logger, error);
            }

            outcome(false);
        }
    }
}
