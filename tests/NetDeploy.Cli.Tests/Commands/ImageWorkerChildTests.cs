using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using NetDeploy.Cli.Commands;

namespace NetDeploy.Cli.Tests.Commands;

public sealed class ImageWorkerChildTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ndt-child-").FullName;
    private readonly Lines _log = new();

    private string Starts => Path.Combine(_folder, "starts");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_worker_that_ends_is_told_and_started_again_after_a_pause_that_grows()
    {
        await using var worker = Start($"echo x >> {Starts}; exit 7");
        await UntilAsync(() => _log.Said.Count >= 3);
        Assert.True(File.ReadAllLines(Starts).Length >= 3);
        Assert.All(_log.Said, line => Assert.Equal(LogLevel.Error, line.Level));
        Assert.All(_log.Said, line => Assert.Contains("exit code 7", line.Text, StringComparison.Ordinal));
        Assert.Equal(["in 0.02 s", "in 0.04 s", "in 0.08 s"], _log.Said.Take(3).Select(line => line.Text[line.Text.IndexOf("in 0.", StringComparison.Ordinal)..][..9]));
    }

    [Fact]
    public async Task A_worker_that_cannot_be_started_is_told()
    {
        await using var worker = ImageWorkerChild.Start([Path.Combine(_folder, "absent")], TimeSpan.FromMilliseconds(20), _log);
        await UntilAsync(() => _log.Said.Count >= 2);
        // setsid(1) says itself, on standard error, what it could not execute.
        Assert.Contains("exit code 127", _log.Said.First().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_asked_to_end_is_not_started_again_and_not_told_of()
    {
        var ended = Path.Combine(_folder, "ended");
        var worker = Start($"echo x >> {Starts}; cat > /dev/null; echo x > {ended}");
        await UntilAsync(() => File.Exists(Starts));
        await worker.DisposeAsync();
        Assert.True(File.Exists(ended));
        Assert.Single(File.ReadAllLines(Starts));
        Assert.Empty(_log.Said);
    }

    [Fact]
    public async Task Ctrl_C_at_the_servers_terminal_does_not_reach_it()
    {
        var stat = Path.Combine(_folder, "stat");
        await using var worker = Start($"cat /proc/$$/stat > {stat}.new; mv {stat}.new {stat}; cat > /dev/null");
        await UntilAsync(() => File.Exists(stat));
        // proc(5): after the name and the state, the parent, the process group and the session.
        var child = Fields(stat);
        var own = Fields("/proc/self/stat");
        Assert.Equal(own[0], child[3]);
        Assert.NotEqual(own[4], child[4]);
        Assert.NotEqual(own[5], child[5]);

        static string[] Fields(string file) => File.ReadAllText(file).Split(' ');
    }

    [Fact]
    public async Task One_that_ends_with_its_server_is_not_told_of()
    {
        var told = Path.Combine(_folder, "end");
        await using var worker = Start($"echo x >> {Starts}; until [ -e {told} ]; do sleep 0.01; done");
        await UntilAsync(() => File.Exists(Starts));
        worker.ServerEnds();
        File.WriteAllText(told, "");
        await worker.Supervision.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Single(File.ReadAllLines(Starts));
        Assert.Empty(_log.Said);
    }

    private ImageWorkerChild Start(string script) => ImageWorkerChild.Start(["sh", "-c", script], TimeSpan.FromMilliseconds(20), _log);

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var clock = Stopwatch.StartNew(); !condition(); await Task.Delay(10, TestContext.Current.CancellationToken))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "it did not come");
        }
    }

    private sealed class Lines : ILogger
    {
        public ConcurrentQueue<(LogLevel Level, string Text)> Said { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Said.Enqueue((logLevel, formatter(state, exception)));
    }
}
