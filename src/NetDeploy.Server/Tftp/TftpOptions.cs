using System.Net;
using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Server.Tftp;

/// <summary>Where the TFTP server listens, whom it answers, and what it bounds.</summary>
public sealed record TftpOptions
{
    /// <summary>The well-known port.</summary>
    public const int DefaultPort = 69;

    /// <summary>Addresses and ports; port 0 takes a free one.</summary>
    public required IReadOnlyList<IPEndPoint> Listen { get; init; }

    /// <summary>Only packets of this interface are read, and only there are they answered (SO_BINDTODEVICE). Null: all.</summary>
    public string? Interface { get; init; }

    /// <summary>Asked for each request, on the engine's own thread: a client that it says no to gets no answer. All: any client.</summary>
    public Func<IPAddress, bool> Serves { get; init; } = _ => true;

    /// <summary>Answers come from the listening port: for NAT and containers that know no other. Otherwise from a fresh port each.</summary>
    public bool SinglePort { get; init; }

    /// <summary>Files that are open at once.</summary>
    public int MaxTransfers { get; init; } = 256;

    /// <summary>Requests of one address that are served or wait at once.</summary>
    public int MaxTransfersPerClient { get; init; } = 16;

    /// <summary>Requests that wait for a free transfer; one more is refused with ERROR 0.</summary>
    public int MaxWaiting { get; init; } = 1024;

    /// <summary>Where others wait, a transfer that its client did not answer for so long ends: whoever forges addresses never answers.</summary>
    public TimeSpan PatienceUnanswered { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Where others wait, a transfer that its client answered once and then left standing for so long ends.</summary>
    public TimeSpan PatienceStanding { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A request that waited so long is dropped: its client asked again, or gave up.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The content must have opened a file by then.</summary>
    public TimeSpan LongestOpen { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Larger files are refused in the mode netascii, which means text.</summary>
    public int MaxNetasciiBytes { get; init; } = 1024 * 1024;

    /// <summary>Of each listening socket; the kernel gives less to a process without CAP_NET_ADMIN.</summary>
    public int ReceiveBufferBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>What a client may ask for. The path's MTU lowers the block size further.</summary>
    public TftpLimits Limits { get; init; } = new() { BlockSize = TftpLimits.LargestBlockSize };

    public TftpTimings Timings { get; init; } = new();

    /// <exception cref="ServerFault">A value makes no sense; the text says which.</exception>
    internal void Validate()
    {
        Require(Listen.Count > 0, "no address to listen on: give at least one, such as 192.0.2.1:69");
        Require(MaxTransfers > 0, $"{nameof(MaxTransfers)} is {MaxTransfers}; it must be at least 1");
        Require(MaxTransfersPerClient > 0, $"{nameof(MaxTransfersPerClient)} is {MaxTransfersPerClient}; it must be at least 1");
        Require(MaxWaiting >= 0, $"{nameof(MaxWaiting)} is {MaxWaiting}; it must not be negative");
        Require(Limits.BlockSize is >= TftpLimits.DefaultBlockSize and <= TftpLimits.LargestBlockSize,
            $"the largest block size is {Limits.BlockSize}; it must be between {TftpLimits.DefaultBlockSize} and {TftpLimits.LargestBlockSize}");
        Require(Limits.WindowSize is >= 1 and <= 1024, $"the largest window is {Limits.WindowSize}; it must be between 1 and 1024");
        Require(Limits.WindowBytes is >= TftpLimits.DefaultBlockSize and <= TftpLimits.MaxWindowBytes,
            $"a window of {Limits.WindowBytes} bytes is too small or too large; {TftpLimits.MaxWindowBytes} is the most");
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new ServerFault($"TFTP: {otherwise}.", "Set that option to a value that it takes.");
        }
    }
}
