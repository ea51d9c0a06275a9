using System.Net;
using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Mirror;

internal static partial class MirrorLog
{
    [LoggerMessage(EventId = 3501, Level = LogLevel.Information, Message = "Mirror {Mirror}: {Path} fetched, {Bytes} bytes in {Milliseconds} ms")]
    public static partial void Fetched(ILogger logger, string mirror, string path, long bytes, long milliseconds);

    [LoggerMessage(EventId = 3502, Level = LogLevel.Warning, Message = "Mirror {Mirror}: {Path} cannot be fetched: {Reason}")]
    public static partial void Failed(ILogger logger, string mirror, string path, string reason);

    [LoggerMessage(EventId = 3503, Level = LogLevel.Warning, Message = "Mirror {Mirror}: {Path} is served as it was last seen, of {Since}: {Reason}")]
    public static partial void Stale(ILogger logger, string mirror, string path, string since, string reason);

    [LoggerMessage(EventId = 3504, Level = LogLevel.Information, Message = "Mirror {Mirror}: suite {Suite} is at generation {Generation}")]
    public static partial void Switched(ILogger logger, string mirror, string suite, string generation);

    [LoggerMessage(EventId = 3505, Level = LogLevel.Warning, Message = "A cached file was damaged and is fetched again when it is asked for: {Key}: {Reason}")]
    public static partial void Damaged(ILogger logger, string key, string reason);

    [LoggerMessage(EventId = 3506, Level = LogLevel.Debug, Message = "Evicted {Key}, {Bytes} bytes")]
    public static partial void Evicted(ILogger logger, string key, long bytes);

    [LoggerMessage(EventId = 3507, Level = LogLevel.Warning, Message = "No room for {Bytes} bytes: {Reason}. Files pass through without being kept until there is room; free some, or lower maxSize")]
    public static partial void NoRoom(ILogger logger, long bytes, string reason);

    [LoggerMessage(EventId = 3508, Level = LogLevel.Warning, Message = "Mirror {Mirror}: {Path} passes through without being kept: maxSize or the disk leaves no room. Free some, or raise maxSize")]
    public static partial void PassedThrough(ILogger logger, string mirror, string path);

    [LoggerMessage(EventId = 3509, Level = LogLevel.Warning, Message = "Mirror {Mirror}: the index {Path} cannot be read, so files are checked by their length alone: {Reason}")]
    public static partial void NoDigests(ILogger logger, string mirror, string path, string reason);

    [LoggerMessage(EventId = 3510, Level = LogLevel.Warning, Message = "Mirror {Mirror}: {Path} broke off on the way to {Client}, which sees it: {Reason}")]
    public static partial void BrokeOff(ILogger logger, string mirror, string path, IPAddress client, string reason);

    [LoggerMessage(EventId = 3512, Level = LogLevel.Warning, Message = "Mirror {Mirror}: what is known of suite {Suite} cannot be stored, and is fetched again after a restart: {Reason}")]
    public static partial void NotSaved(ILogger logger, string mirror, string suite, string reason);

    [LoggerMessage(EventId = 3513, Level = LogLevel.Error, Message = "Mirror {Mirror}: {Path}: the download failed within the server")]
    public static partial void Broken(ILogger logger, Exception exception, string mirror, string path);

    [LoggerMessage(EventId = 3514, Level = LogLevel.Error, Message = "Mirror {Mirror} serves nothing: its cache in {Folder} cannot be read. Make it readable and writable for the server, or remove it, and restart")]
    public static partial void Unusable(ILogger logger, Exception exception, string mirror, string folder);

    [LoggerMessage(EventId = 3515, Level = LogLevel.Warning, Message = "{Path} cannot be removed, and takes room until the next start: {Reason}")]
    public static partial void NotRemoved(ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 3516, Level = LogLevel.Warning, Message = "Mirror {Mirror}: {Path} was fetched and cannot be kept: {Reason}. Look after the mirror's folder and its disk")]
    public static partial void NotKept(ILogger logger, string mirror, string path, string reason);

    [LoggerMessage(EventId = 3511, Level = LogLevel.Warning, Message = "Mirror {Mirror}: suite {Suite} stays at its generation: {Reason}")]
    public static partial void NotSwitched(ILogger logger, string mirror, string suite, string reason);
}
