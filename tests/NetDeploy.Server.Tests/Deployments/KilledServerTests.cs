using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using NetDeploy.Core.Deployments;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Deployments;

/// <summary>A real process and a real store under kill -9. <c>NETDEPLOY_KILLS</c> sets how often; 20 in each run.</summary>
public partial class KilledServerTests
{
    private static readonly int Kills =
        int.TryParse(Environment.GetEnvironmentVariable("NETDEPLOY_KILLS"), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 20;

    private sealed record Ack(string Deployment, DeploymentState State, string? Claim, long Sequence);

    [Fact]
    public async Task Every_answer_that_was_given_is_in_the_store_after_kill_9()
    {
        using var folder = new TemporaryFolder();
        var random = new Random();
        var answers = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            // Counted in answers, not in time alone: a busy machine gives fewer of them, and shall test as much.
            var acks = await RunAndKillAsync(folder.Path, random.Next(0, 8), random.Next(0, 60));
            answers += acks.Count;
            await CheckAsync(folder.Path, acks, kill);
        }

        Assert.True(answers > Kills, $"only {answers} answers in {Kills} lives: the kills came before anything happened");
        TestContext.Current.SendDiagnosticMessage($"{Kills} kills, {answers} answers checked");
    }

    [Fact]
    public async Task The_journal_is_synced_before_the_answer()
    {
        const string Strace = "/usr/bin/strace";
        Assert.SkipUnless(File.Exists(Strace), "needs strace");
        using var folder = new TemporaryFolder();
        var trace = folder["trace"];
        await RunAndKillAsync(Directory.CreateDirectory(folder["data"]).FullName, 5, 100, Strace, "-f", "-qq", "-y", "-e", "trace=pwrite64,write,fsync,fdatasync", "-o", trace);

        // In the order the kernel saw: each answer comes after as many finished syncs of the journal as appends before it.
        var unsynced = false;
        var answers = 0;
        var syncing = new HashSet<string>();
        foreach (var line in await File.ReadAllLinesAsync(trace, TestContext.Current.CancellationToken))
        {
            var thread = line.Split(' ')[0];
            if (line.Contains("records.journal>", StringComparison.Ordinal) && line.Contains("pwrite64(", StringComparison.Ordinal))
            {
                unsynced = true;
            }
            else if (SyncStart().IsMatch(line))
            {
                if (line.Contains("unfinished", StringComparison.Ordinal))
                {
                    syncing.Add(thread);
                }
                else
                {
                    unsynced = false;
                }
            }
            else if (line.Contains("sync resumed>", StringComparison.Ordinal) && syncing.Remove(thread))
            {
                unsynced = false;
            }
            else if (line.Contains("\"ack ", StringComparison.Ordinal))
            {
                Assert.False(unsynced, line);
                answers++;
            }
        }

        Assert.True(answers > 0, "no answer in the trace");
    }

    /// <param name="answers">How many the server gives at least before it is killed, unless it takes a minute for them.</param>
    /// <param name="milliseconds">How long it goes on behind them.</param>
    private static async Task<List<Ack>> RunAndKillAsync(string data, int answers, int milliseconds, params string[] wrapper)
    {
        var assembly = typeof(KilledServerTests).Assembly.Location;
        string[] command = [.. wrapper, Environment.ProcessPath!, .. Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet" ? [assembly] : Array.Empty<string>()];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[KilledServer.FolderVariable] = data;
        using var process = Process.Start(start)!;
        var acks = new List<Ack>();
        try
        {
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            using var opened = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            opened.CancelAfter(TimeSpan.FromSeconds(60));
            while (await process.StandardOutput.ReadLineAsync(opened.Token) is var line && line != "open")
            {
                Assert.True(line is not null, "the server never opened its store");
            }

            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var killer = Task.Run(async () =>
            {
                await Task.WhenAny(enough.Task, Task.Delay(TimeSpan.FromMinutes(1)));
                await Task.Delay(milliseconds);
                process.Kill(entireProcessTree: true);
            });
            if (answers == 0)
            {
                enough.SetResult();
            }

            while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } answer)
            {
                if (AckLine().Match(answer) is { Success: true } match)
                {
                    acks.Add(new Ack(
                        match.Groups[1].Value,
                        Enum.Parse<DeploymentState>(match.Groups[2].Value),
                        match.Groups[3].Value == "-" ? null : match.Groups[3].Value,
                        long.Parse(match.Groups[4].Value, CultureInfo.InvariantCulture)));
                }

                if (acks.Count >= answers)
                {
                    enough.TrySetResult();
                }
            }

            enough.TrySetResult();
            await killer;
            Assert.Equal("", await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            await process.WaitForExitAsync(CancellationToken.None);
        }

        return acks;
    }

    private static async Task CheckAsync(string data, List<Ack> acks, int kill)
    {
        await using var store = LiteDbRecordStore.Open(data);
        var machine = Assert.Single(await store.MachinesAsync(TestContext.Current.CancellationToken));
        foreach (var ack in acks)
        {
            var stored = await store.DeploymentAsync(ack.Deployment, TestContext.Current.CancellationToken);
            if (stored is null)
            {
                // Only the bound on a machine's deployments may have removed it.
                Assert.True((await store.DeploymentsOfAsync(machine.Id, TestContext.Current.CancellationToken)).Length >= IRecordStore.DeploymentBound, $"kill {kill}: {ack} is gone");
                continue;
            }

            Assert.True(stored.State >= ack.State, $"kill {kill}: {ack}, but the store says {stored.State}");
            Assert.True(ack.Claim is null || stored.ClaimedBootId == ack.Claim, $"kill {kill}: {ack}, but the store says {stored.ClaimedBootId}");
        }

        var page = await store.TimelineAsync(machine.Id, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(acks.Count == 0 || page.Entries[^1].Sequence >= acks[^1].Sequence, $"kill {kill}: entries up to {acks.LastOrDefault()} are gone");
        for (var i = 1; i < page.Entries.Length; i++)
        {
            Assert.Equal(page.Entries[i - 1].Sequence + 1, page.Entries[i].Sequence);
        }
    }

    [GeneratedRegex("^ack (\\S+) (\\S+) (\\S+) (\\d+)$")]
    private static partial Regex AckLine();

    [GeneratedRegex("f(data)?sync\\(\\d+<[^>]*records\\.journal>")]
    private static partial Regex SyncStart();
}
