using System.Net;
using Microsoft.Extensions.Logging;
using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Server.Tftp;

internal static partial class TftpLog
{
    [LoggerMessage(1, LogLevel.Information, "TFTP listens on {EndPoint}")]
    public static partial void Listening(this ILogger logger, IPEndPoint endPoint);

    [LoggerMessage(2, LogLevel.Information, "TFTP {Client} read {Path}: {Bytes} bytes in {Milliseconds} ms, blksize {BlockSize}, windowsize {WindowSize}, {Resent} blocks sent again")]
    public static partial void Completed(
        this ILogger logger, IPEndPoint client, string path, long bytes, long milliseconds, int blockSize, int windowSize, long resent);

    [LoggerMessage(3, LogLevel.Warning, "TFTP {Client} did not get {Path}: {Reason}")]
    public static partial void Failed(this ILogger logger, IPEndPoint client, string path, string reason);

    [LoggerMessage(4, LogLevel.Information, "TFTP {Client} asked for {Path}: not found")]
    public static partial void NotFound(this ILogger logger, IPEndPoint client, string path);

    [LoggerMessage(5, LogLevel.Debug, "TFTP {Client} ended {Path} after {Bytes} bytes with ERROR {Code}: it had what it wanted")]
    public static partial void Stopped(this ILogger logger, IPEndPoint client, string path, long bytes, int code);

    [LoggerMessage(6, LogLevel.Warning, "TFTP {Client} was refused: {Reason}")]
    public static partial void Refused(this ILogger logger, IPEndPoint client, string reason);

    [LoggerMessage(7, LogLevel.Debug, "TFTP {Client} sent a malformed packet: {Reason}")]
    public static partial void Malformed(this ILogger logger, IPEndPoint client, TftpMalformed reason);

    [LoggerMessage(8, LogLevel.Debug, "TFTP {Stranger} sent a packet into the transfer of {Client}")]
    public static partial void Stranger(this ILogger logger, IPEndPoint stranger, IPEndPoint client);

    [LoggerMessage(9, LogLevel.Warning, "TFTP {Path} has more than 65535 blocks of {BlockSize} bytes for {Client}: block numbers start again, and some firmware stops there. Serve it by HTTP, or to a client that asks for a larger blksize")]
    public static partial void RollsOver(this ILogger logger, string path, int blockSize, IPEndPoint client);

    [LoggerMessage(10, LogLevel.Debug, "TFTP {Client} asked again from the same port; {Path} is given up for the new request")]
    public static partial void Replaced(this ILogger logger, IPEndPoint client, string path);

    [LoggerMessage(11, LogLevel.Warning, "TFTP cannot send to {Client}: {Error}")]
    public static partial void SendFailed(this ILogger logger, IPEndPoint client, string error);

    [LoggerMessage(12, LogLevel.Error, "TFTP the observer failed")]
    public static partial void ObserverFailed(this ILogger logger, Exception exception);

    [LoggerMessage(13, LogLevel.Critical, "TFTP stopped serving by an error of its own")]
    public static partial void LoopFailed(this ILogger logger, Exception exception);
}
