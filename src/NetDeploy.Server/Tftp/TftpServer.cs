using System.Net;
using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Tftp;

/// <summary>A TFTP server for reading (RFC 1350, 2347 to 2349, 7440) on its own thread. Metrics: meter <c>NetDeploy.Tftp</c>.</summary>
public sealed class TftpServer : IAsyncDisposable
{
    private readonly TftpOptions _options;
    private readonly ITftpContent _content;
    private readonly ITftpObserver _observer;
    private readonly ILogger<TftpServer> _logger;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<TftpListener> _listeners = [];
    private TftpEngine? _engine;

    public TftpServer(TftpOptions options, ITftpContent content, ITftpObserver observer, ILogger<TftpServer> logger, TimeProvider time)
    {
        _options = options;
        _content = content;
        _observer = observer;
        _logger = logger;
        _time = time;
    }

    /// <summary>Where it listens, with the ports that the kernel chose; empty before <see cref="Start"/>.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints { get; private set; } = [];

    /// <summary>Ends when the server stopped, with an exception where it was not asked to.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Binds every address, then serves until <see cref="DisposeAsync"/>. Once only.</summary>
    /// <exception cref="ServerFault">It cannot.</exception>
    public void Start()
    {
        if (_engine is not null || _completion.Task.IsCompleted)
        {
            throw new InvalidOperationException("A TFTP server starts once.");
        }

        _options.Validate();
        try
        {
            foreach (var endPoint in _options.Listen)
            {
                _listeners.Add(TftpListener.Bind(endPoint, _options));
            }

            _engine = new TftpEngine(_options, _listeners, _content, _observer, _logger, _time);
        }
        catch
        {
            CloseListeners();
            throw;
        }

        EndPoints = [.. _listeners.Select(listener => listener.Socket.Local.ToEndPoint())];
        new Thread(() => Run(_engine)) { Name = "tftp", IsBackground = true }.Start();
        foreach (var endPoint in EndPoints)
        {
            _logger.Listening(endPoint);
        }
    }

    /// <summary>Tells every client that the server stops, and closes the sockets.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_engine is null)
        {
            _completion.TrySetResult();
            return;
        }

        _engine.Stop();
        await _completion.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Run(TftpEngine engine)
    {
        Exception? failure = null;
        try
        {
            engine.Run();
        }
        catch (Exception e)
        {
            _logger.LoopFailed(e);
            failure = e;
        }

        engine.Dispose();
        CloseListeners();
        if (failure is null)
        {
            _completion.SetResult();
        }
        else
        {
            _completion.SetException(failure);
        }
    }

    private void CloseListeners()
    {
        foreach (var listener in _listeners)
        {
            listener.Dispose();
        }

        _listeners.Clear();
    }
}
