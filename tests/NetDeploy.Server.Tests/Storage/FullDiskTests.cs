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

    [Theory]
    [InlineData(nameof(Goes_on_when_there_is_room_again))]
    [InlineData(nameof(Starts_when_there_is_room_again))]
    public async Task A_full_disk_is_told_loses_nothing_and_needs_no_restart(string scenario)
    {
        Assert.SkipUnless(Posix.EffectiveUserId == 0, "needs root, to mount a small tmpfs in a mount namespace of its own");
        using var folder = new TemporaryFolder();
        string[] command =
        [
            "unshare", "--mount", "--propagation", "private", "sh", "-c", $"mount -t tmpfs -o size=4m,mode=755 ndt-full {folder.Path} && exec \"$@\"", "sh",
            "dotnet", typeof(FullDiskTests).Assembly.Location, "--explicit", "only", "--filter-method", $"*{scenario}",
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
        foreach (var disk in Disks())
        {
            await using (var store = disk.Open())
            {
                await disk.FillAsync(store);
                disk.MakeRoom();
                await disk.CommitAsync(store);
                await disk.CheckAsync(store);
                for (var i = 0; i < 100; i++)
                {
                    await disk.CommitAsync(store);
                }

                await disk.CheckAsync(store);
            }

            await using (var again = disk.Open())
            {
                await disk.CheckAsync(again);
            }

            disk.Remove();
        }
    }

    /// <summary>Runs in the other process.</summary>
    [Fact(Explicit = true)]
    public async Task Starts_when_there_is_room_again()
    {
        var refused = 0;
        foreach (var disk in Disks())
        {
            await using (var store = disk.Open())
            {
                await disk.FillAsync(store);
            }

            try
            {
                await using var full = disk.Open();
                await disk.CheckAsync(full);
            }
            catch (StoreException e)
            {
                Assert.Contains("Make room", e.Remedy, StringComparison.Ordinal);
                refused++;
            }

            disk.MakeRoom();
            await using (var store = disk.Open())
            {
                await disk.CheckAsync(store);
                await disk.CommitAsync(store);
                await disk.CheckAsync(store);
            }

            disk.Remove();
        }

        Assert.NotEqual(0, refused);
    }

    /// <summary>The room that is left decides what fails first: the journal, LiteDB's log, the marker, or the checkpoint.</summary>
    private static IEnumerable<SmallDisk> Disks()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(folder is null, $"needs {FolderVariable}");
        for (var pages = 0; pages < 36; pages += 4)
        {
            yield return new SmallDisk(Path.Combine(folder!, "d"), pages * 4096);
        }
    }

    private sealed class SmallDisk(string folder, long left)
    {
        private const int Attempts = 300;
        private readonly string _ballast = Path.Combine(folder, "ballast");
        private readonly List<string> _told = [];
        private int _next;

        public LiteDbRecordStore Open() => LiteDbRecordStore.Open(Path.Combine(folder, "state"), restored: false, journalBound: 20_000);

        public async Task CommitAsync(LiteDbRecordStore store)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{_next++} {new string('x', 300)}");
            var note = new TimelineDraft(DateTimeOffset.UnixEpoch, "m", null, new TimelineNote("k", TimelineSeverity.Info, text));
            Assert.IsType<CommitResult.Committed>(await store.CommitAsync(new StoreChange { Entries = [note] }));
            _told.Add(text);
        }

        /// <summary>Commits until the store says that the disk is full, and some more; what it acknowledges all the same counts.</summary>
        public async Task FillAsync(LiteDbRecordStore store)
        {
            for (var i = 0; i < 30; i++)
            {
                await CommitAsync(store);
            }

            TakeRoom();
            var refused = 0;
            for (var i = 0; i < Attempts && refused < 5; i++)
            {
                try
                {
                    await CommitAsync(store);
                }
                catch (StoreException e)
                {
                    Assert.Contains("Make room", e.Remedy, StringComparison.Ordinal);
                    refused++;
                }
            }

            Assert.Equal(5, refused);
            try
            {
                await CheckAsync(store);
            }
            catch (StoreException e)
            {
                Assert.Contains("Make room", e.Remedy, StringComparison.Ordinal);
            }
        }

        /// <summary>What was acknowledged is there in order, and nothing else.</summary>
        public async Task CheckAsync(LiteDbRecordStore store) =>
            Assert.Equal(_told, (await store.TimelineAsync("m")).Entries.Select(e => e.Text));

        public void MakeRoom() => File.Delete(_ballast);

        /// <summary>Emptied first: files that a failed LiteDB left open keep their room.</summary>
        public void Remove()
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                RandomAccess.SetLength(handle, 0);
            }

            Directory.Delete(folder, recursive: true);
        }

        private void TakeRoom()
        {
            using var ballast = new FileStream(_ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            try
            {
                while (true)
                {
                    ballast.Write(new byte[4096]);
                }
            }
            catch (IOException)
            {
                ballast.SetLength(ballast.Length - left);
            }
        }
    }
}
