using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Telemetry;

/// <summary>
/// Loggers for what anyone on a boot network can cause. Each kind of line has a budget: <see cref="Burst"/> at once, then
/// one a second. What is left out is counted, and the count is said within a minute, so that a neighbour's flood neither
/// fills the disk nor passes unseen. A boot makes about 30 lines, so a rack that powers on is logged whole.
/// </summary>
internal sealed class LogBudget : ILoggerFactory
{
    public const int Burst = 600;

    public static readonly TimeSpan OneMoreEach = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan SaidEach = TimeSpan.FromMinutes(1);

    private readonly ILoggerFactory _logging;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly ConcurrentBag<Budgeted> _loggers = [];

    /// <param name="logging">Stays the caller's.</param>
    public LogBudget(ILoggerFactory logging, TimeProvider clock)
    {
        _logging = logging;
        _clock = clock;
        _timer = clock.CreateTimer(_ => SayLeftOut(), null, SaidEach, SaidEach);
    }

    public ILogger CreateLogger(string categoryName)
    {
        var logger = new Budgeted(_logging.CreateLogger(categoryName), _clock);
        _loggers.Add(logger);
        return logger;
    }

    public void AddProvider(ILoggerProvider provider) => _logging.AddProvider(provider);

    public void Dispose()
    {
        _timer.Dispose();
        SayLeftOut();
    }

    private void SayLeftOut()
    {
        foreach (var logger in _loggers)
        {
            logger.SayLeftOut();
        }
    }

    /// <summary>One category. Its kinds of lines are those of the source, so their table is bounded.</summary>
    private sealed class Budgeted(ILogger inner, TimeProvider clock) : ILogger
    {
        private readonly ConcurrentDictionary<EventId, Allowance> _allowances = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (inner.IsEnabled(logLevel) && _allowances.GetOrAdd(eventId, _ => new Allowance(clock.GetTimestamp())).Take(clock))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }

        public void SayLeftOut()
        {
            foreach (var (kind, allowance) in _allowances)
            {
                if (allowance.TakeLeftOut() is > 0 and var count)
                {
                    TelemetryLog.LeftOut(inner, count, kind.Name ?? kind.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
                }
            }
        }
    }

    private sealed class Allowance(long since)
    {
        private readonly Lock _gate = new();
        private double _left = Burst;
        private long _since = since;
        private long _leftOut;

        public bool Take(TimeProvider clock)
        {
            lock (_gate)
            {
                var now = clock.GetTimestamp();
                _left = Math.Min(Burst, _left + (clock.GetElapsedTime(_since, now) / OneMoreEach));
                _since = now;
                if (_left < 1)
                {
                    _leftOut++;
                    return false;
                }

                _left--;
                return true;
            }
        }

        public long TakeLeftOut()
        {
            lock (_gate)
            {
                (var count, _leftOut) = (_leftOut, 0);
                return count;
            }
        }
    }
}
