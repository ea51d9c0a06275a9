using NetDeploy.Protocols.Tftp;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tftp;

/// <summary>Who reads from which of our addresses. The client's port is its transfer identifier (RFC 1350 section 4).</summary>
internal readonly record struct TftpSessionKey(UdpAddress Client, UdpAddress Server);

internal enum TftpSessionState
{
    Waiting,
    Opening,
    Sending,
    Ended,
}

/// <summary>One read request from its arrival to its end. Owned by the engine's thread; only <see cref="Loaded"/> leaves it.</summary>
internal sealed class TftpSession(TftpSessionKey key, TftpListener listener, byte[] datagram, TftpRequest request, TftpReadRequest read, TimeSpan now)
{
    public TftpSessionKey Key { get; } = key;

    public TftpListener Listener { get; } = listener;

    /// <summary>The request as it came: the same bytes again are the same session.</summary>
    public byte[] Datagram { get; } = datagram;

    public TftpRequest Request { get; } = request;

    public TftpReadRequest Read { get; } = read;

    public TimeSpan ArrivedAt { get; } = now;

    public TftpSessionState State { get; set; } = TftpSessionState.Waiting;

    /// <summary>Stops the opening of the file.</summary>
    public CancellationTokenSource Opening { get; } = new();

    /// <summary>The transfer's own socket, or the listener's in single-port mode.</summary>
    public UdpSocket? Socket { get; set; }

    public TftpBlockSource? Source { get; set; }

    public TftpTransfer Transfer { get; set; }

    /// <summary>Blocks of the last action that have not left yet.</summary>
    public TftpAction Pending { get; set; }

    /// <summary>The path takes no segmented sends.</summary>
    public bool OneByOne { get; set; }

    /// <summary>One line per transfer is enough.</summary>
    public bool SendFailureLogged { get; set; }

    /// <summary>When the engine must look at this session, whatever arrives.</summary>
    public TimeSpan Deadline { get; set; }

    /// <summary>The earliest entry in the engine's timer queue; <see cref="TimeSpan.MaxValue"/> where there is none.</summary>
    public TimeSpan TimerAt { get; set; } = TimeSpan.MaxValue;

    /// <summary>Tells the engine that the source has more; made once, since a source asks for it with every window.</summary>
    public Action Loaded { get; set; } = static () => { };

    public bool OwnsSocket => Socket is not null && !ReferenceEquals(Socket, Listener.Socket);
}
