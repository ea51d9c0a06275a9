using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using NetDeploy.Protocols.Tftp;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tftp;

/// <summary>
/// The loop: one thread reads every socket, asks the transfers what to do, and does it. epoll goes round the sockets in turn and
/// each gives a few packets per turn, so that no client starves the others. Only files are opened and read elsewhere.
/// </summary>
internal sealed partial class TftpEngine : IDisposable
{
    private const int PacketsPerTurn = 8;
    private static readonly TimeSpan RoomRetry = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan PlacesRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(30);

    private readonly TftpOptions _options;
    private readonly ITftpContent _content;
    private readonly TftpReporter _reporter;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly TftpMetrics _metrics = new();
    private readonly TftpSender _sender;
    private readonly TftpAdmission _admission;
    private readonly Poller _poller = new();
    private readonly Dictionary<int, TftpListener> _listeners;
    private readonly Dictionary<TftpSessionKey, TftpSession> _sessions = [];
    private readonly Dictionary<int, TftpSession> _bySocket = [];
    private readonly TftpTimers _timers = new();
    private readonly ConcurrentQueue<TftpOpened> _opened = new();
    private readonly ConcurrentQueue<TftpSession> _loaded = new();
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(2048, pinned: true);
    private List<TftpSession> _needRoom = [];
    private TimeSpan _nextPlaces;
    private volatile bool _stopping;
    private volatile bool _disposed;

    public TftpEngine(
        TftpOptions options, IReadOnlyList<TftpListener> listeners, ITftpContent content, ITftpObserver observer, ILogger logger, TimeProvider time)
    {
        _options = options;
        _content = content;
        _reporter = new TftpReporter(observer, logger, _metrics);
        _logger = logger;
        _time = time;
        _sender = new TftpSender(_metrics, logger);
        _admission = new TftpAdmission(options);
        _listeners = listeners.ToDictionary(listener => listener.Socket.Fd);
        foreach (var fd in _listeners.Keys)
        {
            _poller.Add(fd);
        }
    }

    private TimeSpan Now => _time.GetElapsedTime(0, _time.GetTimestamp());

    /// <summary>From any thread: <see cref="Run"/> tells its clients and returns.</summary>
    public void Stop()
    {
        _stopping = true;
        _poller.Wake();
    }

    /// <summary>Serves until <see cref="Stop"/>. Each turn: packets, files, timers, and what found no room to be sent.</summary>
    public void Run()
    {
        var ready = new List<int>();
        while (!_stopping)
        {
            _poller.Wait(UntilNextTimer(), ready);
            foreach (var fd in ready)
            {
                if (_listeners.TryGetValue(fd, out var listener))
                {
                    ReadRequests(listener);
                }
                else if (_bySocket.TryGetValue(fd, out var session))
                {
                    ReadAnswers(session);
                }
            }

            TakeFiles();
            FireTimers();
            MakePlaces();
            RetrySends();
            Report();
        }

        foreach (var session in _sessions.Values.ToList())
        {
            Fail(session, TftpErrorCode.NotDefined, "the server stops");
        }
    }

    public void Dispose()
    {
        _poller.Dispose();
        _metrics.Dispose();
        _disposed = true;
        DropOpened();
    }

    private void Report()
    {
        var drops = 0L;
        foreach (var (_, listener) in _listeners)
        {
            drops += listener.Socket.KernelDrops;
        }

        _metrics.Load(_admission.Active, _admission.Waiting, drops);
    }

    private void ReadAnswers(TftpSession session)
    {
        for (var i = 0; i < PacketsPerTurn && session.State == TftpSessionState.Sending && session.Socket!.TryReceive(_buffer, out var arrival); i++)
        {
            var packet = _buffer.AsSpan(0, arrival.Length);
            if (arrival.From.Equals(session.Key.Client))
            {
                OnAnswer(session, packet);
            }
            else
            {
                _logger.Stranger(arrival.From.ToEndPoint(), session.Read.Client);
                OnStray(session.Socket!, arrival with { To = session.Socket!.Local }, packet);
            }
        }
    }

    private void OnAnswer(TftpSession session, ReadOnlySpan<byte> packet)
    {
        if (session.State == TftpSessionState.Sending && TftpAck.TryRead(packet, out var ack, out _))
        {
            Apply(session, session.Transfer.OnAck(ack.Block, Now));
        }
        else if (TftpError.TryRead(packet, out var error, out _))
        {
            var bytes = session.State == TftpSessionState.Sending ? session.Transfer.BytesAcknowledged : 0;
            End(session);
            _reporter.EndedByClient(session, error, bytes);
        }
        else
        {
            _metrics.Ignored("unexpected");
        }
    }

    private void Apply(TftpSession session, TftpStep step)
    {
        var resends = step.Next.Resends - session.Transfer.Resends;
        session.Transfer = step.Next;
        if (resends > 0)
        {
            _metrics.Resent.Add(resends);
        }

        switch (step.Action.Kind)
        {
            case TftpActionKind.SendOptionAck:
                _sender.OptionAck(session);
                break;
            case TftpActionKind.SendBlocks:
                session.Pending = step.Action;
                Send(session);
                break;
            case TftpActionKind.Complete:
                Complete(session);
                return;
            case TftpActionKind.GiveUp:
                Fail(session, TftpErrorCode.NotDefined, $"no answer for {(Now - step.Next.LastProgress).TotalSeconds:0.0} s after {step.Next.BytesAcknowledged} bytes");
                return;
        }

        _timers.Schedule(session, step.Next.Deadline);
    }

    private void Send(TftpSession session)
    {
        if (_sender.Blocks(session) == TftpSendResult.NeedsRoom)
        {
            _needRoom.Add(session);
        }
    }

    private void RetrySends()
    {
        if (_needRoom.Count == 0)
        {
            return;
        }

        var waiting = _needRoom;
        _needRoom = [];
        foreach (var session in waiting.Where(session => session.State == TftpSessionState.Sending))
        {
            Send(session);
        }
    }

    private TimeSpan UntilNextTimer()
    {
        if (_needRoom.Count > 0)
        {
            return RoomRetry;
        }

        var next = _timers.Next is { } due ? due - Now : Idle;
        return _admission.Waiting > 0 && next > PlacesRetry ? PlacesRetry : next;
    }

    /// <summary>
    /// While others wait, who does not answer makes place. Requests from forged addresses would otherwise hold every place until
    /// they are given up, and no machine could boot. The forged ones get no word: it would go to somebody else.
    /// </summary>
    private void MakePlaces()
    {
        var now = Now;
        if (_admission.Waiting == 0 || now < _nextPlaces)
        {
            return;
        }

        _nextPlaces = now + PlacesRetry;
        foreach (var session in _sessions.Values.Where(s => s.State == TftpSessionState.Sending && IsStanding(s, now)).Take(_admission.Waiting).ToList())
        {
            if (session.Transfer.Answered)
            {
                Fail(session, TftpErrorCode.NotDefined, "it made place for others: its client stopped answering", "server is busy, try again");
            }
            else
            {
                End(session);
                _reporter.Failed(session, "crowded-out", "it made place for others: its client never answered");
            }
        }
    }

    private bool IsStanding(TftpSession session, TimeSpan now) =>
        now - session.Transfer.LastProgress >= (session.Transfer.Answered ? _options.PatienceStanding : _options.PatienceUnanswered);

    private void FireTimers()
    {
        var now = Now;
        while (_timers.TakeDue(now) is { } session)
        {
            switch (session.State)
            {
                case TftpSessionState.Waiting:
                    Fail(session, TftpErrorCode.NotDefined, "server is busy, try again");
                    break;
                case TftpSessionState.Opening:
                    Fail(session, TftpErrorCode.NotDefined, $"the content did not open it within {_options.LongestOpen.TotalSeconds:0.#} s");
                    break;
                default:
                    Apply(session, session.Transfer.OnTimer(now));
                    break;
            }
        }
    }

    private void Complete(TftpSession session)
    {
        End(session);
        _reporter.Completed(session, Now - session.ArrivedAt);
    }

    /// <summary>Tells the client why, in other words than the log where those name files of this machine, and ends the session.</summary>
    private void Fail(TftpSession session, TftpErrorCode code, string reason, string? told = null)
    {
        // Over the transfer's own port once there is one: a client that has its first block answers to no other.
        if (session.Socket is { } socket)
        {
            _sender.Error(socket, session.Key.Client, session.Key.Server, code, told ?? reason);
        }
        else
        {
            AnswerFrom(session.Listener, session.Key.Client, session.Key.Server, code, told ?? reason);
        }

        End(session);
        if (code == TftpErrorCode.FileNotFound)
        {
            _reporter.NotFound(session);
        }
        else
        {
            _reporter.Failed(session, "failed", reason);
        }
    }

    private void End(TftpSession session)
    {
        _admission.Release(session);
        session.State = TftpSessionState.Ended;
        _sessions.Remove(session.Key);
        if (session.OwnsSocket)
        {
            _poller.Remove(session.Socket!.Fd);
            _bySocket.Remove(session.Socket.Fd);
            session.Socket.Dispose();
        }

        // What the content registered there runs elsewhere, and cannot harm the loop.
        _ = session.Opening.CancelAsync();
        session.Source?.Dispose();
        if (!_stopping && _admission.Next() is { } next)
        {
            Open(next);
        }
    }
}
