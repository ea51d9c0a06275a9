using Microsoft.Extensions.Logging;

namespace NetDeploy.Server;

/// <summary>
/// What start-up found wrong but can live with: what it logs at warning level, without any part having to know of this list, and what is
/// added by hand. <c>GET /api/v1/status</c> gives it. At most 32; later ones are only in the log.
/// </summary>
public sealed class StartWarnings : ILoggerFactory
{
    public const int Bound = 32;

    private readonly ILoggerFactory _inner;
    private readonly Lock _lock = new();
    private readonly List<string> _texts = [];
    private volatile bool _started;

    internal StartWarnings(ILoggerFactory inner) => _inner = inner;

    /// <summary>As of now, in the order they were found.</summary>
    public IReadOnlyList<string> Texts
    {
        get
        {
            lock (_lock)
            {
                return [.. _texts];
            }
        }
    }

    public void Add(string text)
    {
        lock (_lock)
        {
            if (_texts.Count < Bound && !_texts.Contains(text))
            {
                _texts.Add(text);
            }
        }
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Listening(this, _inner.CreateLogger(categoryName));

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => _inner.AddProvider(provider);

    /// <summary>The loggers are their owner's.</summary>
    public void Dispose()
    {
    }

    /// <summary>From here on a warning is of the daily work, and no longer of the start.</summary>
    internal void Started() => _started = true;

    private sealed class Listening(StartWarnings warnings, ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel) || Hears(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
            if (Hears(logLevel))
            {
                warnings.Add(formatter(state, exception));
            }
        }

        private bool Hears(LogLevel level) => !warnings._started && level is >= LogLevel.Warning and < LogLevel.None;
    }
}
