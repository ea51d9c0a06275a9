using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Telemetry;

internal static partial class TelemetryLog
{
    [LoggerMessage(3100, LogLevel.Warning, "{Count} more lines of the kind {Kind} were left out in the last minute: someone repeats that request, or floods the network")]
    public static partial void LeftOut(ILogger logger, long count, string kind);
}
