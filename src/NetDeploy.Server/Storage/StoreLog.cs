using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Storage;

internal static partial class StoreLog
{
    [LoggerMessage(2200, LogLevel.Error, "The store {Database} could not be written ({Reason}); its journal has every commit, and each call tries to take them up again")]
    public static partial void FellBehind(ILogger logger, string database, string reason);

    [LoggerMessage(2201, LogLevel.Information, "The store {Database} answers again, with all commits up to {Number}")]
    public static partial void CaughtUp(ILogger logger, string database, long number);
}
