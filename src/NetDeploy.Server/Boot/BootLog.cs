using System.Net;
using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Boot;

internal static partial class BootLog
{
    [LoggerMessage(EventId = 3001, Level = LogLevel.Error, Message = "{Machine}: the plan of deployment {Deployment} could not be served: {Reason}")]
    public static partial void PlanFailed(ILogger logger, string machine, string deployment, string reason);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Error, Message = "A request of {Path} failed: {Reason}")]
    public static partial void RequestFailed(ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Warning, Message = "{Reason}")]
    public static partial void Outdated(ILogger logger, string reason);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Debug, Message = "TFTP {Client} {Path} ended early: {Reason}")]
    public static partial void TransferEnded(ILogger logger, IPAddress client, string path, string reason);
}
