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
    public async Task A_worker_that_cannot_be_started_is_told_with_the_reason()
    {
        await using var worker = ImageWorkerChild.Start([Path.Combine(_folder, "absent")], TimeSpan.FromMilliseconds(20), _log);
        await UntilAsync(() => _log.Said.Count >= 2);
        Assert.Contains("absent", _log.Said.First().Text, StringComparison.Ordinal);
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
