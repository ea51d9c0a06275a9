using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Tests.Storage;

public sealed class LiteDbRecordStoreTests : RecordStoreContract, IDisposable
{
    private static readonly DateTimeOffset Noon = DateTimeOffset.FromUnixTimeMilliseconds(1_767_268_800_123);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    protected override IRecordStore Open() => LiteDbRecordStore.Open(_folder.Path);

    private static StoreChange Note(int n) =>
        new() { Entries = [new TimelineDraft(Noon, "m", null, new TimelineNote("k", TimelineSeverity.Info, $"{n}"))] };

    [Fact]
    public async Task Everything_is_there_after_it_was_opened_again()
    {
        string generation;
        await using (var store = Open())
        {
            generation = store.Generation;
            await store.CommitAsync(new StoreChange { Machines = [new Machine { Id = "m", Name = "a" }] });
            await store.CommitAsync(Note(1));
        }

        await using (var store = Open())
        {
            Assert.Equal(generation, store.Generation);
            Assert.Equal("a", (await store.MachineAsync("m"))!.Name);
            Assert.IsType<CommitResult.Committed>(await store.CommitAsync(Note(2)));
            Assert.Equal([1, 2], (await store.TimelineAsync("m")).Entries.Select(e => e.Sequence));
        }
    }

    [Fact]
    public async Task Commits_that_only_the_journal_holds_are_replayed()
    {
        await using (var store = Open())
        {
            await store.CommitAsync(Note(1));
        }

        await Open().DisposeAsync();
        var before = new TemporaryFolder();
        using (before)
        {
            File.Copy(_folder["records.db"], before["records.db"]);
            await using (var store = Open())
            {
                await store.CommitAsync(Note(2));
                await store.CommitAsync(Note(3));
            }

            // The database as it was before commits 2 and 3, and the journal that has them.
            File.Copy(_folder["records.journal"], before["records.journal"]);
            await using var replayed = LiteDbRecordStore.Open(before.Path);
            Assert.Equal(["1", "2", "3"], (await replayed.TimelineAsync("m")).Entries.Select(e => e.Text));
        }
    }

    [Fact]
    public async Task The_journal_is_emptied_into_the_database_when_it_grows()
    {
        await using (var store = LiteDbRecordStore.Open(_folder.Path, restored: false, journalBound: 2000))
        {
            for (var i = 0; i < 100; i++)
            {
                await store.CommitAsync(Note(i));
            }

            Assert.InRange(new FileInfo(_folder["records.journal"]).Length, 0, 4000);
            Assert.Equal(100, (await store.TimelineAsync("m")).Entries.Length);
        }

        await using var again = Open();
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}"), (await again.TimelineAsync("m")).Entries.Select(e => e.Text));
    }

    [Theory]
    [InlineData(1_000_000, false)]
    [InlineData(100_000_000, true)]
    public async Task A_store_that_is_closed_leaves_the_next_start_little_to_replay(long journalBound, bool isLittle)
    {
        long written;
        await using (var store = LiteDbRecordStore.Open(_folder.Path, restored: false, journalBound))
        {
            await store.CommitAsync(new StoreChange { Entries = [.. Enumerable.Range(0, 1000).SelectMany(i => Note(i).Entries)] });
            written = new FileInfo(_folder["records.journal"]).Length;
            Assert.InRange(written, 1_000_000 / 16, 1_000_000);
        }

        Assert.Equal(isLittle, new FileInfo(_folder["records.journal"]).Length == written);
        await using var again = Open();
        Assert.Equal("999", (await again.TimelineAsync("m")).Entries[^1].Text);
    }

    [Fact]
    public async Task A_second_server_is_refused_with_the_remedy()
    {
        await using var store = Open();
        var refused = Assert.Throws<StoreException>(() => Open());
        Assert.Contains("--data", refused.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restored_copy_gets_a_new_generation_once()
    {
        string first, second;
        await using (var store = Open())
        {
            first = store.Generation;
        }

        await using (var store = LiteDbRecordStore.Open(_folder.Path, restored: true))
        {
            second = store.Generation;
        }

        await using var third = Open();
        Assert.NotEqual(first, second);
        Assert.Equal(second, third.Generation);
    }

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        await using (var store = Open())
        {
            await store.CommitAsync(Note(1));
        }

        using (var lite = new LiteDB.LiteDatabase(_folder["records.db"]))
        {
            var identity = lite.GetCollection("store").FindById("identity");
            identity["schemaVersion"] = LiteDbRecordStore.SchemaVersion + 1;
            lite.GetCollection("store").Update(identity);
            lite.Checkpoint();
        }

        Assert.Contains("newer server", Assert.Throws<StoreException>(() => Open()).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_database_stops_the_start_with_the_remedy()
    {
        await using (var store = Open())
        {
            await store.CommitAsync(Note(1));
        }

        var bytes = await File.ReadAllBytesAsync(_folder["records.db"], TestContext.Current.CancellationToken);
        Array.Fill(bytes, (byte)0xA5);
        await File.WriteAllBytesAsync(_folder["records.db"], bytes, TestContext.Current.CancellationToken);
        Assert.Contains("estore the data folder", Assert.Throws<StoreException>(() => Open()).Remedy, StringComparison.Ordinal);
    }
}
