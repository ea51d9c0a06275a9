using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Leases;

internal static partial class LeaseLog
{
    [LoggerMessage(2100, LogLevel.Information, "Lease journal {Path} opened: {Count} addresses known")]
    public static partial void Opened(ILogger logger, string path, int count);

    [LoggerMessage(2101, LogLevel.Warning, "Lease journal {Path}: {Bytes} bytes of an unfinished last write were cut off; no client was told of them")]
    public static partial void TornTailCut(ILogger logger, string path, long bytes);

    [LoggerMessage(2102, LogLevel.Error, "The lease journal cannot be written, so no lease is acknowledged until it can: make room on its disk")]
    public static partial void CannotWrite(ILogger logger, Exception error);

    [LoggerMessage(2103, LogLevel.Information, "The lease journal is written again; leases are acknowledged")]
    public static partial void WritesAgain(ILogger logger);

    [LoggerMessage(2104, LogLevel.Error, "The lease journal could not be compacted; it goes on growing, and is tried again when it has doubled")]
    public static partial void CompactionFailed(ILogger logger, Exception error);

    [LoggerMessage(2105, LogLevel.Warning, "Too many leases wait for the disk: a request was dropped, its client will ask again")]
    public static partial void QueueFull(ILogger logger);
}
