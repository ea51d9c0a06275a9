using System.Diagnostics;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Leases;

/// <summary>A record on its way to the disk, and what to do when it is there.</summary>
public interface IJournalEntry
{
    IReadOnlyList<ReadOnlyMemory<byte>> Records { get; }

    /// <summary>The records are durable. Called on the committer's thread, in the order of submission; must not throw.</summary>
    void Committed();

    /// <summary>The records are lost. Called on the committer's thread, last submitted first, so that each takes back what it did.</summary>
    void Failed(IOException error);
}

/// <summary>Batches entries of many threads: one sync for all that came within 2 ms, or for <see cref="JournalCommitterOptions.BatchSize"/> of them.</summary>
public sealed class JournalCommitter : IDisposable
{
    private readonly Journal _journal;
    private readonly JournalCommitterOptions _options;
    private readonly Func<IReadOnlyList<ReadOnlyMemory<byte>>> _snapshot;
    private readonly Action<IOException> _compactionFailed;
    private readonly object _lock = new();
    private readonly Queue<IJournalEntry> _queue = new();
    private readonly Thread _thread;
    private bool _stopping;
    private long _compactAt;

    /// <param name="snapshot">All that has to be kept, for compaction: what was committed, and nothing else. Called on the committer's thread.</param>
    /// <param name="compactionFailed">Told of a compaction that did not work: the journal goes on growing, and nothing is lost.</param>
    public JournalCommitter(Journal journal, JournalCommitterOptions options, Func<IReadOnlyList<ReadOnlyMemory<byte>>> snapshot, Action<IOException> compactionFailed)
    {
        _journal = journal;
        _options = options;
        _snapshot = snapshot;
        _compactionFailed = compactionFailed;
        _compactAt = options.CompactAt;
        _thread = new Thread(Run) { IsBackground = true, Name = "journal" };
        _thread.Start();
    }

    /// <summary>False: the queue is full or the committer stopped, and the entry is not taken.</summary>
    public bool TrySubmit(IJournalEntry entry)
    {
        lock (_lock)
        {
            if (_stopping || _queue.Count >= _options.QueueLimit)
            {
                return false;
            }

            _queue.Enqueue(entry);
            if (_queue.Count == 1 || _queue.Count == _options.BatchSize)
            {
                Monitor.Pulse(_lock);
            }

            return true;
        }
    }

    /// <summary>Writes what was submitted, then stops. The journal stays open.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _stopping = true;
            Monitor.Pulse(_lock);
        }

        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        var batch = new List<IJournalEntry>();
        while (TakeBatch(batch))
        {
            Commit(batch);
            batch.Clear();
            if (_journal.Length > _compactAt)
            {
                Compact();
            }
        }
    }

    private bool TakeBatch(List<IJournalEntry> batch)
    {
        lock (_lock)
        {
            while (_queue.Count == 0)
            {
                if (_stopping)
                {
                    return false;
                }

                Monitor.Wait(_lock);
            }

            var since = Stopwatch.GetTimestamp();
            while (_queue.Count < _options.BatchSize && !_stopping
                && _options.BatchTime - Stopwatch.GetElapsedTime(since) is { Ticks: > 0 } rest)
            {
                // Monitor waits in whole milliseconds; 0 would spin.
                Monitor.Wait(_lock, Math.Max(1, (int)rest.TotalMilliseconds));
            }

            while (batch.Count < _options.BatchSize && _queue.TryDequeue(out var entry))
            {
                batch.Add(entry);
            }

            return true;
        }
    }

    private void Commit(List<IJournalEntry> batch)
    {
        try
        {
            _journal.Append([.. batch.SelectMany(e => e.Records)]);
        }
        catch (IOException error)
        {
            for (var i = batch.Count - 1; i >= 0; i--)
            {
                batch[i].Failed(error);
            }

            return;
        }

        foreach (var entry in batch)
        {
            entry.Committed();
        }
    }

    private void Compact()
    {
        try
        {
            _journal.Compact(_snapshot());
        }
        catch (IOException error)
        {
            _compactionFailed(error);
        }

        // A journal that is large because much is alive is compacted when it has doubled, not after each batch.
        _compactAt = Math.Max(_options.CompactAt, _journal.Length * 2);
    }
}
