using System.Diagnostics;
using System.Globalization;
using System.Text;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Tests.Storage;

/// <summary>A process killed while it writes: all it was told is durable is there.</summary>
public sealed class KilledProcessTests
{
    private const string FolderVariable = "NETDEPLOY_TEST_JOURNAL";

    [Fact]
    public void Every_record_that_was_committed_before_a_kill_is_there_after_it()
    {
        var folder = Directory.CreateTempSubdirectory("ndt-kill-").FullName;
        for (var round = 0; round < 3; round++)
        {
            var start = new ProcessStartInfo("dotnet", [typeof(KilledProcessTests).Assembly.Location, "--explicit", "only", "--filter-method", $"*{nameof(Writes_until_it_is_killed)}"])
            {
                RedirectStandardOutput = true,
                Environment = { [FolderVariable] = folder },
            };
            using var writer = Process.Start(start)!;
            var told = Path.Combine(folder, "told");
            var before = Told(told).Count;
            Assert.True(SpinWait.SpinUntil(() => Told(told).Count > before + 50, TimeSpan.FromSeconds(60)), "the writer did not start");
            writer.Kill();
            writer.WaitForExit();

            var kept = new HashSet<string>();
            using var journal = Journal.Open(Path.Combine(folder, "journal"), r => kept.Add(Encoding.UTF8.GetString(r)));
            Assert.Superset(Told(told).ToHashSet(), kept);
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The other process of the test above: tells of each record when it is committed, by a file that outlives it.</summary>
    [Fact(Explicit = true)]
    public void Writes_until_it_is_killed()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(folder is null, $"needs {FolderVariable}");
        using var journal = Journal.Open(Path.Combine(folder!, "journal"), _ => { });
        using var told = new FileStream(Path.Combine(folder!, "told"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        using var committer = new JournalCommitter(
            journal, new JournalCommitterOptions { QueueLimit = 200, BatchSize = 16, CompactAt = long.MaxValue }, () => [], error => throw error);
        var since = Stopwatch.StartNew();
        for (var number = 0; since.Elapsed < TimeSpan.FromSeconds(90); number++)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{number}");
            while (!committer.TrySubmit(new Entry(text, told)))
            {
                Thread.Sleep(1);
            }
        }
    }

    /// <summary>Whole lines only: the last may be half-written.</summary>
    private static List<string> Told(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        var lines = reader.ReadToEnd().Split('\n');
        return [.. lines[..^1].Where(l => l.Length > 0)];
    }

    private sealed class Entry(string text, FileStream told) : IJournalEntry
    {
        public IReadOnlyList<ReadOnlyMemory<byte>> Records { get; } = [Encoding.UTF8.GetBytes(text)];

        public void Committed() => told.Write(Encoding.UTF8.GetBytes($"\n{text}\n"));

        public void Failed(IOException error) => throw error;
    }
}
