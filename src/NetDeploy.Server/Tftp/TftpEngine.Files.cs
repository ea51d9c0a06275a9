using NetDeploy.Protocols.Tftp;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tftp;

/// <summary>From an admitted request to its first packet: the file is opened elsewhere, then terms are agreed on.</summary>
internal sealed partial class TftpEngine
{
    private void Open(TftpSession session)
    {
        _metrics.Request("accepted");
        session.State = TftpSessionState.Opening;
        session.Loaded = () =>
        {
            _loaded.Enqueue(session);
            _poller.Wake();
        };
        _timers.Schedule(session, Now + _options.LongestOpen);
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
}
