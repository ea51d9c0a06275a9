using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using NetDeploy.Server.Tftp;

namespace NetDeploy.Server.Tests.Tftp;

/// <summary>A server on a free port of the loopback, with content in memory.</summary>
internal sealed class TftpTestServer : IAsyncDisposable
{
    public TftpTestServer(Func<TftpOptions, TftpOptions>? configure = null, ITftpContent? content = null, IPAddress? address = null, TimeProvider? clock = null)
    {
        var options = new TftpOptions { Listen = [new IPEndPoint(address ?? IPAddress.Loopback, 0)] };
        Server = new TftpServer(configure?.Invoke(options) ?? options, content ?? Content, Observer, Log, clock ?? TimeProvider.System);
        Server.Start();
    }

    public MemoryContent Content { get; } = new();

    public RecordingObserver Observer { get; } = new();

    public RecordingLogger Log { get; } = new();

    public TftpServer Server { get; }

    public IPEndPoint EndPoint => Server.EndPoints[0];

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

internal sealed class RecordingLogger : ILogger<TftpServer>
{
    public ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((logLevel, formatter(state, exception)));
}
