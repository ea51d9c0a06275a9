using NetDeploy.Protocols.Tftp;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tftp;

/// <summary>What arrives at the listening sockets: who may ask, what for, and whether there is a place.</summary>
internal sealed partial class TftpEngine
{
    private const int RequestsPerTurn = 64;

    private void ReadRequests(TftpListener listener)
    {
        for (var i = 0; i < RequestsPerTurn && listener.Socket.TryReceive(_buffer, out var arrival); i++)
        {
            var packet = _buffer.AsSpan(0, arrival.Length);
            if (arrival.From.Port == 0 || !_options.Serves(arrival.From.Address))
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

            End(earlier);
            _reporter.Replaced(earlier);
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
            case TftpVerdict.ServerBusy when _admission.YieldsTo(session) is { } greedy:
                End(greedy);
                _reporter.Failed(greedy, "crowded-out", "it waited, and its client has most of what waits");
                Admit(listener, arrival, session);
                return;
            case TftpVerdict.ServerBusy:
                Refuse(listener, arrival, "busy", TftpErrorCode.NotDefined, "server is busy, try again");
                return;
            case TftpVerdict.ClientBusy:
                Refuse(listener, arrival, "client-busy", TftpErrorCode.NotDefined, "too many transfers of this client");
                return;
            case TftpVerdict.Waits:
                _sessions.Add(session.Key, session);
                _metrics.Request("waiting");
                _timers.Schedule(session, session.ArrivedAt + _options.LongestWait);
                return;
            default:
                _sessions.Add(session.Key, session);
                Open(session);
                return;
        }
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

    private void Refuse(TftpListener listener, in UdpArrival arrival, string decision, TftpErrorCode code, string reason)
    {
        _reporter.Refused(arrival.From.ToEndPoint(), decision, reason, Now);
        Answer(listener, arrival, code, reason);
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
}
