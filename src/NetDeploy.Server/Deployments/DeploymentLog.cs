using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Deployments;

internal static partial class DeploymentLog
{
    [LoggerMessage(1, LogLevel.Information, "{Machine}: deployment {Deployment} {State}: {Text}")]
    public static partial void Moved(ILogger logger, string machine, string deployment, string state, string text);

    [LoggerMessage(2, LogLevel.Warning, "{Machine}: ALARM {Text}")]
    public static partial void Alarm(ILogger logger, string machine, string text);

    [LoggerMessage(3, LogLevel.Error, "The deadline of deployment {Deployment} could not be recorded; trying again")]
    public static partial void DeadlineFailed(ILogger logger, string deployment, Exception failure);

    [LoggerMessage(4, LogLevel.Warning, "{Count} timeline entries were not written: {Reason}")]
    public static partial void EvidenceLost(ILogger logger, long count, string reason);

    [LoggerMessage(5, LogLevel.Information, "{Count} open deployments taken up, store generation {Generation}")]
    public static partial void Started(ILogger logger, int count, string generation);

    [LoggerMessage(6, LogLevel.Warning, "Boot refused: {Reason}")]
    public static partial void BootRefused(ILogger logger, string reason);

    [LoggerMessage(7, LogLevel.Error, "{Machine}: deployment {Deployment} could not be prepared: {Reason}")]
    public static partial void PreparationFailed(ILogger logger, string machine, string deployment, string reason);

    [LoggerMessage(8, LogLevel.Error, "{Machine}: the preparation of deployment {Deployment} broke off")]
    public static partial void PreparationBroke(ILogger logger, Exception failure, string machine, string deployment);

    [LoggerMessage(9, LogLevel.Error, "{Machine}: its power control failed")]
    public static partial void PowerBroke(ILogger logger, Exception failure, string machine);
}
