using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Images;

internal static partial class ImageLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Builds images in {Spool} as {User}")]
    public static partial void WorkerStarted(this ILogger logger, string spool, string user);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    public static partial void StaysRoot(this ILogger logger, string warning);

    [LoggerMessage(Level = LogLevel.Information, Message = "The user {User} cannot read {Folder}: the image worker runs from the copy {Copy}")]
    public static partial void RunsFromCopy(this ILogger logger, string user, string folder, string copy);

    [LoggerMessage(Level = LogLevel.Information, Message = "Builds image {Key} of {Release}")]
    public static partial void Building(this ILogger logger, string key, string release);

    [LoggerMessage(Level = LogLevel.Information, Message = "Built image {Key}: {Id}, {Bytes} bytes, in {Seconds:0.0} s")]
    public static partial void Built(this ILogger logger, string key, string id, long bytes, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Image {Key} failed ({Kind}): {Reason} {Remedy}")]
    public static partial void Failed(this ILogger logger, string key, ImageFailureKind kind, string reason, string remedy);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Progress of image {Key} is not written: {Reason}")]
    public static partial void ProgressFailed(this ILogger logger, string key, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Image {Key} is set aside for a while: {Reason}")]
    public static partial void KeyFailed(this ILogger logger, string key, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The image worker goes on after a pause: {Reason} Remedy: look after the room and the permissions of {Spool}; its user must own what it writes there")]
    public static partial void HostFailed(this ILogger logger, string reason, string spool);
}
