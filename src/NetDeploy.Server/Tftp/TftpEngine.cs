using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using NetDeploy.Protocols.Tftp;
using NetDeploy.Server.Tftp.Linux;

namespace NetDeploy.Server.Tftp;

/// <summary>
/// The loop: one thread reads every socket, asks the transfers what to do, and does it. epoll goes round the sockets in turn and
/// each gives a few packets per turn, so that no client starves the others. Only files are opened and read elsewhere.
/// </summary>
internal sealed class TftpEngine : IDisposable
{
    private const int PacketsPerTurn = 8;
    private const int RequestsPerTurn = 64;
    private static readonly TimeSpan RoomRetry = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(30);

    private readonly TftpOptions _options;
    private readonly ITftpContent _content;
    private readonly ITftpObserver _observer;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly TftpMetrics _metrics = new();
    private readonly TftpSender _sender;
    private readonly TftpAdmission _admission;
    private readonly Poller _poller = new();
    private readonly Dictionary<int, TftpListener> _listeners;
    private readonly Dictionary<TftpSessionKey, TftpSession> _sessions = [];
    private readonly Dictionary<int, TftpSession> _bySocket = [];
    private readonly PriorityQueue<TftpSession, TimeSpan> _timers = new();
    private readonly ConcurrentQueue<TftpOpened> _opened = new();
    private readonly ConcurrentQueue<TftpSession> _loaded = new();
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(2048, pinned: true);
    private List<TftpSession> _needRoom = [];
    private TimeSpan _refusalLoggedAt = TimeSpan.FromHours(-1);
    private volatile bool _stopping;
    private volatile bool _disposed;

    public TftpEngine(
        TftpOptions options, IReadOnlyList<TftpListener> listeners, ITftpContent content, ITftpObserver observer, ILogger logger, TimeProvider time)
    {
        _options = options;
        _content = content;
        _observer = observer;
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

    private void ReadRequests(TftpListener listener)
    {
        for (var i = 0; i < RequestsPerTurn && listener.Socket.TryReceive(_buffer, out var arrival); i++)
        {
            var packet = _buffer.AsSpan(0, arrival.Length);
            if (arrival.From.Port == 0 || !IsServed(arrival.From))
            {
                _metrics.Ignored("not-ours");
            }
            else if (arrival.ToGroup)
            {
                // Another server of the segment may be meant (RFC 1123 section 4.2.3.5).
                _metrics.Ignored("broadcast");
            }
            else if (packet.Length >= 2 && packet[0] == 0 && packet[1] is (byte)TftpOpcode.ReadRequest or (byte)TftpOpcode.WriteRequest)
            {
                OnRequest(listener, arrival, packet);
            }
            else if (_options.SinglePort && _sessions.TryGetValue(new TftpSessionKey(arrival.From, arrival.To), out var session))
            {
                OnAnswer(session, packet);
            }
            else
            {
                OnStray(listener.Socket, arrival, packet);
            }
        }
    }

    private bool IsServed(UdpAddress client) =>
        _options.Networks.Count == 0 || client.Address is var address && _options.Networks.Any(network => network.Contains(address));

    private void OnRequest(TftpListener listener, in UdpArrival arrival, ReadOnlySpan<byte> packet)
    {
        if (!TftpRequest.TryRead(packet, out var request, out var malformed) || arrival.Truncated)
        {
            _logger.Malformed(arrival.From.ToEndPoint(), arrival.Truncated ? TftpMalformed.TooLong : malformed);
            _metrics.Request("malformed");
            Answer(listener, arrival, TftpErrorCode.IllegalOperation, "malformed request");
            return;
        }

        var key = new TftpSessionKey(arrival.From, arrival.To);
        if (_sessions.TryGetValue(key, out var earlier))
        {
            if (IsRepeat(earlier, packet))
            {
                _metrics.Request("repeated");
                if (earlier.State == TftpSessionState.Sending)
                {
                    Apply(earlier, earlier.Transfer.OnRequestRepeated(Now));
                }

                return;
            }

            _logger.Replaced(earlier.Read.Client, earlier.Read.Path);
            End(earlier, "replaced");
        }

        if (request.IsWrite)
        {
            Refuse(listener, arrival, "write", TftpErrorCode.AccessViolation, "this server takes no files");
        }
        else if (!request.IsOctet && !request.IsNetascii)
        {
            Refuse(listener, arrival, "mode", TftpErrorCode.IllegalOperation, "mode must be octet or netascii");
        }
        else if (!TftpFileName.TryNormalise(request.FileName, out var path))
        {
            Refuse(listener, arrival, "name", TftpErrorCode.FileNotFound, "no file has such a name");
        }
        else
        {
            var read = new TftpReadRequest(path, arrival.From.ToEndPoint(), arrival.To.Address);
            Admit(listener, arrival, new TftpSession(key, listener, packet.ToArray(), request, read, Now));
        }
    }

    /// <summary>
    /// The same bytes from the same port are the same session, until the client has got somewhere and fell silent: then it
    /// started over, as firmware does that always asks from one port.
    /// </summary>
    private bool IsRepeat(TftpSession session, ReadOnlySpan<byte> packet) =>
        packet.SequenceEqual(session.Datagram)
        && (session.State != TftpSessionState.Sending
            || session.Transfer.Acknowledged == 0
            || Now - session.Transfer.LastProgress < TimeSpan.FromSeconds(1));

    private void Admit(TftpListener listener, in UdpArrival arrival, TftpSession session)
    {
        switch (_admission.Ask(session))
        {
            case TftpVerdict.ServerBusy:
                Refuse(listener, arrival, "busy", TftpErrorCode.NotDefined, "server is busy, try again");
                return;
            case TftpVerdict.ClientBusy:
                Refuse(listener, arrival, "client-busy", TftpErrorCode.NotDefined, "too many transfers of this client");
                return;
            case TftpVerdict.Waits:
                _sessions.Add(session.Key, session);
                _metrics.Request("waiting");
                Schedule(session, session.ArrivedAt + _options.LongestWait);
                return;
            default:
                _sessions.Add(session.Key, session);
                Open(session);
                return;
        }
    }

    private void Open(TftpSession session)
    {
        _metrics.Request("accepted");
        session.State = TftpSessionState.Opening;
        session.Loaded = () =>
        {
            _loaded.Enqueue(session);
            _poller.Wake();
        };
        Schedule(session, Now + _options.LongestOpen);
        ThreadPool.UnsafeQueueUserWorkItem(static state => _ = state.Engine.OpenAsync(state.Session), (Engine: this, Session: session), preferLocal: false);
    }

    private async Task OpenAsync(TftpSession session)
    {
        _opened.Enqueue(await TftpOpener.OpenAsync(session, _content, _options).ConfigureAwait(false));
        _poller.Wake();
        if (_disposed)
        {
            DropOpened();
        }
    }

    /// <summary>What nobody will take any more; the later of the last opening and <see cref="Dispose"/> finds it.</summary>
    private void DropOpened()
    {
        while (_opened.TryDequeue(out var opened))
        {
            opened.Source?.Dispose();
        }
    }

    private void TakeFiles()
    {
        while (_opened.TryDequeue(out var opened))
        {
            if (opened.Session.State != TftpSessionState.Opening)
            {
                opened.Source?.Dispose();
            }
            else if (opened.Source is null)
            {
                Fail(opened.Session, opened.Error, opened.Reason, opened.Told);
            }
            else
            {
                opened.Session.Source = opened.Source;
                Begin(opened.Session, opened.Source);
            }
        }

        while (_loaded.TryDequeue(out var session))
        {
            if (session.State != TftpSessionState.Sending)
            {
                continue;
            }

            if (session.Source!.Failure is { } failure)
            {
                Fail(session, TftpErrorCode.NotDefined, $"cannot be read: {failure}", "the server cannot read the file");
            }
            else
            {
                Send(session);
            }
        }
    }

    private void Begin(TftpSession session, TftpBlockSource source)
    {
        session.Socket = OpenSocket(session.Listener, session.Key.Server, out var error);
        if (session.Socket is null)
        {
            Fail(session, TftpErrorCode.NotDefined, $"no socket for the transfer: {LibC.Describe(error)}");
            return;
        }

        if (session.OwnsSocket)
        {
            session.Socket.SetBuffers(256 * 1024, 1024 * 1024);
            _poller.Add(session.Socket.Fd);
            _bySocket.Add(session.Socket.Fd, session);
        }

        var client = session.Key.Client;
        var limits = _options.Limits;
        if (UdpSocket.PathMtu(session.Key.Server, client, _options.Interface) is { } mtu)
        {
            limits = limits with { BlockSize = Math.Min(limits.BlockSize, TftpLimits.BlockSizeFor(mtu, client.IsV6)) };
        }

        var terms = TftpTerms.Negotiate(session.Request, source.Length, limits);
        if (terms.RollsOver)
        {
            _logger.RollsOver(session.Read.Path, terms.BlockSize, session.Read.Client);
        }

        session.State = TftpSessionState.Sending;
        Apply(session, TftpTransfer.Begin(terms, _options.Timings, Now));
    }

    /// <summary>A fresh port on the address that the client spoke to: that pair is the server's transfer identifier.</summary>
    private UdpSocket? OpenSocket(TftpListener listener, UdpAddress server, out int error)
    {
        error = 0;
        return _options.SinglePort ? listener.Socket : UdpSocket.TryBind(server.WithPort(0), _options.Interface, out error);
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
            OnClientError(session, error);
        }
        else
        {
            _metrics.Ignored("unexpected");
        }
    }

    private void OnClientError(TftpSession session, TftpError error)
    {
        var bytes = session.State == TftpSessionState.Sending ? session.Transfer.BytesAcknowledged : 0;
        if (error.Code is TftpErrorCode.OptionNegotiationFailed or TftpErrorCode.NotDefined)
        {
            _logger.Stopped(session.Read.Client, session.Read.Path, bytes, (int)error.Code);
            End(session, "stopped");
            Notify(observer => observer.Stopped(session.Read, error.Code, bytes));
            return;
        }

        var text = new string([.. error.Message.Where(c => !char.IsControl(c)).Take(128)]);
        Lose(session, "client-error", $"the client ended it with ERROR {(int)error.Code} after {bytes} bytes: {text}");
    }

    /// <summary>A packet that belongs to no transfer. Its sender is told, but never answered an ERROR with an ERROR.</summary>
    private void OnStray(UdpSocket socket, in UdpArrival arrival, ReadOnlySpan<byte> packet)
    {
        _metrics.Ignored("stray");
        if (packet.Length >= TftpData.HeaderLength && packet[0] == 0 && packet[1] is (byte)TftpOpcode.Data or (byte)TftpOpcode.Acknowledgment)
        {
            _sender.Error(socket, arrival.From, arrival.To, TftpErrorCode.UnknownTransferId, "unknown transfer");
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

        Schedule(session, step.Next.Deadline);
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

        return _timers.TryPeek(out _, out var due) ? due - Now : Idle;
    }

    /// <summary>Deadlines mostly move later; the entry is then left where it is, and looked at again when it comes up.</summary>
    private void Schedule(TftpSession session, TimeSpan deadline)
    {
        session.Deadline = deadline;
        if (deadline < session.TimerAt)
        {
            session.TimerAt = deadline;
            _timers.Enqueue(session, deadline);
        }
    }

    private void FireTimers()
    {
        var now = Now;
        while (_timers.TryPeek(out var session, out var due) && due <= now)
        {
            _timers.Dequeue();
            if (session.State == TftpSessionState.Ended || due != session.TimerAt)
            {
                continue;
            }

            session.TimerAt = TimeSpan.MaxValue;
            if (session.Deadline > now)
            {
                Schedule(session, session.Deadline);
                continue;
            }

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
        var duration = Now - session.ArrivedAt;
        var terms = session.Transfer.Terms;
        _logger.Completed(
            session.Read.Client, session.Read.Path, terms.Length, (long)duration.TotalMilliseconds, terms.BlockSize, terms.WindowSize, session.Transfer.Resends);
        _metrics.Completed(duration);
        End(session, null);
        Notify(observer => observer.Completed(session.Read, terms.Length, duration));
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

        if (code == TftpErrorCode.FileNotFound)
        {
            _logger.NotFound(session.Read.Client, session.Read.Path);
            End(session, "not-found");
            Notify(observer => observer.NotFound(session.Read));
            return;
        }

        Lose(session, "failed", reason);
    }

    private void Lose(TftpSession session, string outcome, string reason)
    {
        _logger.Failed(session.Read.Client, session.Read.Path, reason);
        End(session, outcome);
        Notify(observer => observer.Failed(session.Read, reason));
    }

    private void End(TftpSession session, string? outcome)
    {
        if (outcome is not null)
        {
            _metrics.Ended(outcome);
        }

        _admission.Release(session);
        session.State = TftpSessionState.Ended;
        _sessions.Remove(session.Key);
        if (session.OwnsSocket)
        {
            _poller.Remove(session.Socket!.Fd);
            _bySocket.Remove(session.Socket.Fd);
            session.Socket.Dispose();
        }

        session.Opening.Cancel();
        session.Source?.Dispose();
        if (!_stopping && _admission.Next() is { } next)
        {
            Open(next);
        }
    }

    private void Refuse(TftpListener listener, in UdpArrival arrival, string decision, TftpErrorCode code, string reason)
    {
        _metrics.Request(decision);
        Answer(listener, arrival, code, reason);
        var now = Now;
        if (now - _refusalLoggedAt >= TimeSpan.FromSeconds(1))
        {
            // One line a second: a flood of requests must not become a flood of lines. The metrics count them all.
            _refusalLoggedAt = now;
            _logger.Refused(arrival.From.ToEndPoint(), reason);
        }
    }

    private void Answer(TftpListener listener, in UdpArrival arrival, TftpErrorCode code, string message) =>
        AnswerFrom(listener, arrival.From, arrival.To, code, message);

    private void AnswerFrom(TftpListener listener, UdpAddress client, UdpAddress server, TftpErrorCode code, string message)
    {
        var socket = OpenSocket(listener, server, out _) ?? listener.Socket;
        _sender.Error(socket, client, server, code, message);
        if (!ReferenceEquals(socket, listener.Socket))
        {
            socket.Dispose();
        }
    }

    private void Notify(Action<ITftpObserver> fact)
    {
        try
        {
            fact(_observer);
        }
        catch (Exception e)
        {
            _logger.ObserverFailed(e);
        }
    }
}
