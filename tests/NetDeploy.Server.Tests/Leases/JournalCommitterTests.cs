using System.Text;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Leases;

public sealed class JournalCommitterTests
{
    [Fact]
    public void One_sync_serves_a_batch_and_precedes_every_outcome_in_it()
    {
        var storage = new FaultyStorage();
        using var journal = Journal.Open("j", _ => { }, storage);
        using (var committer = New(journal, new JournalCommitterOptions { BatchSize = 10, BatchTime = TimeSpan.FromMinutes(1) }))
        {
            for (var i = 0; i < 10; i++)
            {
                Assert.True(committer.TrySubmit(new Entry(storage, i)));
            }
        }

        Assert.Equal(["write", "sync", .. Enumerable.Range(0, 10).Select(i => $"committed {i}")], storage.Happened);
    }

    [Fact]
    public void A_lone_entry_waits_no_longer_than_the_batch_time()
    {
        var storage = new FaultyStorage();
        using var journal = Journal.Open("j", _ => { }, storage);
        using var committer = New(journal, new JournalCommitterOptions());
        committer.TrySubmit(new Entry(storage, 7));
        Assert.True(SpinWait.SpinUntil(() => { lock (storage.Happened) { return storage.Happened.Contains("committed 7"); } }, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void A_failed_batch_is_taken_back_last_first_and_the_next_one_succeeds()
    {
        var storage = new FaultyStorage { DiskFull = true };
        using var journal = Journal.Open("j", _ => { }, storage);
        using (var committer = New(journal, new JournalCommitterOptions { BatchSize = 2, BatchTime = TimeSpan.FromMinutes(1) }))
        {
            committer.TrySubmit(new Entry(storage, 1));
            committer.TrySubmit(new Entry(storage, 2));
            Assert.True(SpinWait.SpinUntil(() => { lock (storage.Happened) { return storage.Happened.Contains("failed 1"); } }, TimeSpan.FromSeconds(10)));
            storage.DiskFull = false;
            committer.TrySubmit(new Entry(storage, 3));
        }

        Assert.Equal(["write", "failed 2", "failed 1", "write", "sync", "committed 3"], storage.Happened);
    }

    [Fact]
    public void A_full_queue_refuses()
    {
        var storage = new FaultyStorage();
        using var journal = Journal.Open("j", _ => { }, storage);
        using var committer = New(journal, new JournalCommitterOptions { QueueLimit = 1, BatchTime = TimeSpan.FromMinutes(1) });
        Assert.True(committer.TrySubmit(new Entry(storage, 1)));
        Assert.False(committer.TrySubmit(new Entry(storage, 2)));
    }

    [Fact]
    public void A_stopped_committer_refuses()
    {
        var storage = new FaultyStorage();
        using var journal = Journal.Open("j", _ => { }, storage);
        var committer = New(journal, new JournalCommitterOptions());
        committer.Dispose();
        Assert.False(committer.TrySubmit(new Entry(storage, 1)));
    }

    private static JournalCommitter New(Journal journal, JournalCommitterOptions options) => new(journal, options, () => [], error => throw error);

    private sealed class Entry(FaultyStorage storage, int number) : IJournalEntry
    {
        public IReadOnlyList<ReadOnlyMemory<byte>> Records { get; } = [Encoding.UTF8.GetBytes($"record {number}")];

        public void Committed() => storage.Note($"committed {number}");

        public void Failed(IOException error) => storage.Note($"failed {number}");
    }
}
