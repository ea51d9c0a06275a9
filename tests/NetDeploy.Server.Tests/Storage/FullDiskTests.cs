using System.Globalization;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Tests.Storage;

/// <summary>The record store on a file system that is really full, and then has room again.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public Task A_full_disk_is_told_loses_nothing_and_needs_no_restart() => SmallDisk.RunAsync(256, nameof(Goes_on_when_there_is_room_again));

    /// <summary>Runs in the other process.</summary>
    [Fact(Explicit = true)]
    public async Task Goes_on_when_there_is_room_again()
    {
        var disk = SmallDisk.Mine();
        foreach (var left in new[] { 0, 10_000, 1_000_000 })
        {
            var writer = new Writer(disk, left);
            await using (var store = writer.Open())
            {
                await writer.FillAsync(store);
                disk.MakeRoom();
                for (var i = 0; i < 1000; i++)
                {
                    await writer.CommitAsync(store);
                }

                await writer.CheckAsync(store);
                await writer.FillAsync(store);
            }

            Assert.Contains("Make room", Assert.Throws<StoreException>(writer.Open).Remedy, StringComparison.Ordinal);
            disk.MakeRoom();
            await using (var store = writer.Open())
            {
                await writer.CheckAsync(store);
                await writer.CommitAsync(store);
                await writer.CheckAsync(store);
            }

            Directory.Delete(writer.Folder, recursive: true);
        }
    }

    private sealed class Writer(SmallDisk disk, int left)
    {
        private readonly List<string> _told = [];
        private int _next;

        public string Folder { get; } = Path.Combine(disk.Folder, "state");

        public LiteDbRecordStore Open() => LiteDbRecordStore.Open(Folder, restored: false);

        public async Task CommitAsync(LiteDbRecordStore store)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{_next++} {new string('x', 300)}");
            var note = new TimelineDraft(DateTimeOffset.UnixEpoch, "m", null, new TimelineNote("k", TimelineSeverity.Info, text));
            Assert.IsType<CommitResult.Committed>(await store.CommitAsync(new StoreChange { Entries = [note] }));
            _told.Add(text);
        }

        /// <summary>Commits until the store says that there is too little room, and with no room at all. It answers what it is asked all the same.</summary>
        public async Task FillAsync(LiteDbRecordStore store)
        {
            await CommitAsync(store);
            disk.Fill(LiteDbRecordStore.Room + left);
            for (var i = 0; ; i++)
            {
                Assert.InRange(i, 0, 5000);
                try
                {
                    await CommitAsync(store);
                }
                catch (StoreException e)
                {
                    Assert.Contains("goes on by itself", e.Remedy, StringComparison.Ordinal);
                    break;
                }
            }

            // LiteDB has written what it was given.
            await Task.Delay(200, TestContext.Current.CancellationToken);
            disk.Fill();
            var full = await Assert.ThrowsAsync<StoreException>(() => CommitAsync(store));
            Assert.Contains("goes on by itself", full.Remedy, StringComparison.Ordinal);
            await CheckAsync(store);
        }

        /// <summary>What was acknowledged is there in order, and nothing else.</summary>
        public async Task CheckAsync(LiteDbRecordStore store) =>
            Assert.Equal(_told, (await store.TimelineAsync("m")).Entries.Select(e => e.Text));
    }
}
