using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using NetDeploy.Server.Telemetry;

namespace NetDeploy.Server.Tests.Telemetry;

/// <summary>A flood is logged up to its budget, then counted.</summary>
public sealed class LogBudgetTests : IDisposable
{
    private static readonly EventId Noisy = new(1, "Noisy");
    private static readonly EventId Quiet = new(2, "Quiet");

    private readonly FakeTimeProvider _clock = new();
    private readonly Recorder _lines = new();

    [Fact]
    public void A_flood_of_one_kind_is_cut_and_counted_and_hides_no_other_kind()
    {
        using var budget = new LogBudget(_lines, _clock);
        var logger = budget.CreateLogger("dhcp");
        for (var i = 0; i < LogBudget.Burst + 5000; i++)
        {
            Write(logger, LogLevel.Information, Noisy, "noisy");
        }

        Write(logger, LogLevel.Information, Quiet, "quiet");
        Assert.Equal(LogBudget.Burst, _lines.Count(l => l == "noisy"));
        Assert.Single(_lines, l => l == "quiet");

        _clock.Advance(LogBudget.SaidEach);
        Assert.Single(_lines, l => l.StartsWith("5000 more lines of the kind Noisy were left out", StringComparison.Ordinal));
        _clock.Advance(LogBudget.SaidEach);
        Assert.Single(_lines, l => l.Contains("left out", StringComparison.Ordinal));
    }

    [Fact]
    public void The_budget_comes_back_with_time_up_to_its_burst()
    {
        using var budget = new LogBudget(_lines, _clock);
        var logger = budget.CreateLogger("dhcp");
        Flood(logger);
        _clock.Advance(LogBudget.OneMoreEach * 3);
        Flood(logger);
        Assert.Equal(LogBudget.Burst + 3, _lines.Count(l => l == "noisy"));
        _clock.Advance(TimeSpan.FromDays(1));
        Flood(logger);
        Assert.Equal((2 * LogBudget.Burst) + 3, _lines.Count(l => l == "noisy"));
    }

    [Fact]
    public void What_was_left_out_is_said_at_the_end_and_a_level_that_is_off_costs_nothing()
    {
        var budget = new LogBudget(_lines, _clock);
        var logger = budget.CreateLogger("dhcp");
        for (var i = 0; i < 2 * LogBudget.Burst; i++)
        {
            Write(logger, LogLevel.Debug, Noisy, "debug");
        }

        Flood(logger);
        budget.Dispose();
        Assert.DoesNotContain("debug", _lines);
        Assert.Single(_lines, l => l.StartsWith($"{LogBudget.Burst} more lines", StringComparison.Ordinal));
    }

    public void Dispose() => _lines.Dispose();

    private static void Write(ILogger logger, LogLevel level, EventId kind, string line) => logger.Log(level, kind, line, null, static (text, _) => text);

    private static void Flood(ILogger logger)
    {
        for (var i = 0; i < 2 * LogBudget.Burst; i++)
        {
            Write(logger, LogLevel.Information, Noisy, "noisy");
        }
    }

    private sealed class Recorder : ConcurrentQueue<string>, ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
