using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tftp;

internal enum TftpVerdict
{
    Admitted,
    Waits,
    ServerBusy,
    ClientBusy,
}

/// <summary>Counts who is served and who waits, and says no in time. Each session that was not refused is given back once.</summary>
internal sealed class TftpAdmission(TftpOptions options)
{
    private readonly Dictionary<UdpAddress, int> _perClient = [];
    private readonly Dictionary<UdpAddress, int> _activePerClient = [];
    private readonly LinkedList<TftpSession> _waiting = new();

    /// <summary>Sessions that open a file or send it.</summary>
    public int Active { get; private set; }

    public int Waiting => _waiting.Count;

    public TftpVerdict Ask(TftpSession session)
    {
        var client = Client(session);
        var held = _perClient.GetValueOrDefault(client);
        if (held >= options.MaxTransfersPerClient)
        {
            return TftpVerdict.ClientBusy;
        }

        if (Active < options.MaxTransfers)
        {
            Activate(client);
            _perClient[client] = held + 1;
            return TftpVerdict.Admitted;
        }

        if (_waiting.Count >= options.MaxWaiting)
        {
            return TftpVerdict.ServerBusy;
        }

        _waiting.AddLast(session);
        _perClient[client] = held + 1;
        return TftpVerdict.Waits;
    }

    /// <summary>
    /// The next session in line, now admitted, if there is one and a place for it: of those whose client is served least, then asks
    /// least, the one that waits longest.
    /// </summary>
    public TftpSession? Next()
    {
        if (Active >= options.MaxTransfers || _waiting.First is null)
        {
            return null;
        }

        var next = _waiting.MinBy(session => (_activePerClient.GetValueOrDefault(Client(session)), _perClient[Client(session)]))!;
        _waiting.Remove(next);
        Activate(Client(next));
        return next;
    }

    /// <summary>
    /// Where nobody more may wait: the youngest waiting session of the client that holds most, if the newcomer's holds less even
    /// with one more. Who asks a hundred times makes no room scarce but its own.
    /// </summary>
    public TftpSession? YieldsTo(TftpSession newcomer)
    {
        if (_waiting.Last is null)
        {
            return null;
        }

        var greediest = _waiting.Reverse().MaxBy(session => _perClient[Client(session)])!;
        return _perClient[Client(greediest)] > _perClient.GetValueOrDefault(Client(newcomer)) + 1 ? greediest : null;
    }

    /// <summary>The session ended, or waits no longer. Its state still says which.</summary>
    public void Release(TftpSession session)
    {
        if (session.State == TftpSessionState.Waiting)
        {
            _waiting.Remove(session);
        }
        else
        {
            Active--;
            Less(_activePerClient, Client(session));
        }

        Less(_perClient, Client(session));
    }

    private void Activate(UdpAddress client)
    {
        Active++;
        _activePerClient[client] = _activePerClient.GetValueOrDefault(client) + 1;
    }

    private static void Less(Dictionary<UdpAddress, int> counts, UdpAddress client)
    {
        if (--counts[client] == 0)
        {
            counts.Remove(client);
        }
    }

    private static UdpAddress Client(TftpSession session) => session.Key.Client.WithPort(0);
}
