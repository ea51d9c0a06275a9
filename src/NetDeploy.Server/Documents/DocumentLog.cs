using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Documents;

internal static partial class DocumentLog
{
    [LoggerMessage(EventId = 4001, Level = LogLevel.Warning, Message = "{Machine}: its document is not in force: {Reason} {Remedy}")]
    public static partial void MachineRefused(ILogger logger, string machine, string reason, string remedy);

    [LoggerMessage(EventId = 4002, Level = LogLevel.Error, Message = "The networks in force stay as they were: {Reason}")]
    public static partial void NetworksKept(ILogger logger, string reason);

    [LoggerMessage(EventId = 4003, Level = LogLevel.Warning, Message = "{Uncovered}")]
    public static partial void Uncovered(ILogger logger, string uncovered);
}
