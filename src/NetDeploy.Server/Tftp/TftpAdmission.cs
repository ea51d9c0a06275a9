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
            Active++;
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

    /// <summary>The next session in line, now admitted, if there is one and a place for it.</summary>
    public TftpSession? Next()
    {
        if (Active >= options.MaxTransfers || _waiting.First is not { } first)
        {
            return null;
        }

        _waiting.RemoveFirst();
        Active++;
        return first.Value;
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
        }

        var client = Client(session);
        if (--_perClient[client] == 0)
        {
            _perClient.Remove(client);
        }
    }

    private static UdpAddress Client(TftpSession session) => session.Key.Client.WithPort(0);
}
