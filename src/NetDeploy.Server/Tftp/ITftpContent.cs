using System.Net;

namespace NetDeploy.Server.Tftp;

/// <summary>A read request after its name was normalised: <c>\</c> and repeated <c>/</c> become one <c>/</c>, no leading <c>/</c>.</summary>
public sealed record TftpReadRequest(string Path, IPEndPoint Client, IPAddress Server);

/// <summary>The bytes of one file; the transfer owns the stream and disposes it. The stream can seek.</summary>
public sealed record TftpFile(Stream Content, long Length);

/// <summary>What the TFTP engine serves. Null: ERROR 1 (file not found) at once, never silence.</summary>
public interface ITftpContent
{
    ValueTask<TftpFile?> OpenAsync(TftpReadRequest request, CancellationToken cancellationToken);
}

/// <summary>Evidence for the timeline: a transfer that ended.</summary>
public interface ITftpObserver
{
    void Completed(TftpReadRequest request, long bytes, TimeSpan duration);

    void Failed(TftpReadRequest request, string reason);
}
