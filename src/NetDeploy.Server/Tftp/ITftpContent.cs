using System.Net;
using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Server.Tftp;

/// <summary>A read request after its name was normalised: <c>\</c> and repeated <c>/</c> become one <c>/</c>, no leading <c>/</c>.</summary>
public sealed record TftpReadRequest(string Path, IPEndPoint Client, IPAddress Server);

/// <summary>What a read request gets.</summary>
public abstract record TftpReply
{
    private protected TftpReply()
    {
    }
}

/// <summary>The bytes of one file; the transfer owns the stream and disposes it. The stream can seek.</summary>
public sealed record TftpFile(Stream Content, long Length) : TftpReply;

/// <summary>ERROR 2 (access violation). The reason is for the log; the client hears only that.</summary>
public sealed record TftpRefusal(string Reason) : TftpReply;

/// <summary>What the TFTP engine serves. Null: ERROR 1 (file not found). Both errors go out at once, never silence: firmware tries its next boot device.</summary>
public interface ITftpContent
{
    /// <summary>Called on the thread pool, for many requests at once; a slow answer holds up nobody but its own client.</summary>
    ValueTask<TftpReply?> OpenAsync(TftpReadRequest request, CancellationToken cancellationToken);
}

/// <summary>Evidence for the timeline. Called on the engine's own thread: it must return at once, so hand the fact over and go.</summary>
public interface ITftpObserver
{
    /// <summary>The client has acknowledged every byte.</summary>
    void Completed(TftpReadRequest request, long bytes, TimeSpan duration);

    /// <summary>A transfer that began, or should have begun, and came to no good end.</summary>
    void Failed(TftpReadRequest request, string reason);

    /// <summary>No such file. Shim and GRUB ask for several that need not exist.</summary>
    void NotFound(TftpReadRequest request)
    {
    }

    /// <summary>The client had what it wanted and ended the transfer itself: EDK2 after it learnt the size, GRUB after a header.</summary>
    void Stopped(TftpReadRequest request, TftpErrorCode code, long bytes)
    {
    }
}
