using System.Diagnostics;
using System.Globalization;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Server.Linux;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Tests.Storage;

/// <summary>The record store on a file system that is really full, and then has room again.</summary>
public sealed class FullDiskTests
{
    private const string FolderVariable = "NETDEPLOY_TEST_FULL_DISK";

    [Fact]
    public async Task A_full_disk_is_told_loses_nothing_and_needs_no_restart()
    {
        Assert.SkipUnless(Posix.EffectiveUserId == 0, "needs root, to mount a small tmpfs in a mount namespace of its own");
        using var folder = new TemporaryFolder();
        string[] command =
        [
            "unshare", "--mount", "--propagation", "private", "sh", "-c", $"mount -t tmpfs -o size=256m,mode=755 ndt-full {folder.Path} && exec \"$@\"", "sh",
            "dotnet", typeof(FullDiskTests).Assembly.Location, "--explicit", "only", "--filter-method", $"*{nameof(Goes_on_when_there_is_room_again)}",
        ];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, Environment = { [FolderVariable] = folder.Path } };
        using var child = Process.Start(start)!;
        try
        {
            var output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(child.ExitCode == 0, output);
            Assert.Contains("succeeded: 1", output, StringComparison.Ordinal);
        }
        finally
        {
            child.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Runs in the other process.</summary>
    [Fact(Explicit = true)]
    public async Task Goes_on_when_there_is_room_again()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(folder is null, $"needs {FolderVariable}");
        foreach (var left in new[] { 0, 10_000, 1_000_000 })
        {
            var disk = new SmallDisk(Path.Combine(folder!, "d"), left);
            await using (var store = disk.Open())
            {
                await disk.FillAsync(store);
                disk.MakeRoom();
                for (var i = 0; i < 1000; i++)
                {
                    await disk.CommitAsync(store);
                }

                await disk.CheckAsync(store);
                await disk.FillAsync(store);
            }

            Assert.Contains("Make room", Assert.Throws<StoreException>(disk.Open).Remedy, StringComparison.Ordinal);
            disk.MakeRoom();
            await using (var store = disk.Open())
            {
                await disk.CheckAsync(store);
                await disk.CommitAsync(store);
                await disk.CheckAsync(store);
            }

            Directory.Delete(Path.Combine(folder!, "d"), recursive: true);
        }
    }

    private sealed class SmallDisk(string folder, int left)
    {
        private readonly string _ballast = Path.Combine(folder, "ballast");
        private readonly List<string> _told = [];
        private int _next;

        public LiteDbRecordStore Open() => LiteDbRecordStore.Open(Path.Combine(folder, "state"), restored: false);

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
            TakeRoom(LiteDbRecordStore.Room + left);
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
            TakeRoom(0);
            var full = await Assert.ThrowsAsync<StoreException>(() => CommitAsync(store));
            Assert.Contains("goes on by itself", full.Remedy, StringComparison.Ordinal);
            await CheckAsync(store);
        }

        /// <summary>What was acknowledged is there in order, and nothing else.</summary>
        public async Task CheckAsync(LiteDbRecordStore store) =>
            Assert.Equal(_told, (await store.TimelineAsync("m")).Entries.Select(e => e.Text));

        public void MakeRoom() => File.Delete(_ballast);

        private void TakeRoom(long left)
        {
            using var ballast = new FileStream(_ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
            for (var free = new DriveInfo(folder).AvailableFreeSpace; free >= left + 4096; free -= 4096)
            {
                ballast.Write(new byte[4096]);
            }
        }
    }
}
