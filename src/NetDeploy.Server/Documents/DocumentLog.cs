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

    [LoggerMessage(EventId = 4004, Level = LogLevel.Information, Message = "Rendered {Machines} machines of {Shapes} shapes for revision {Revision} in {Seconds:0.00} s; {Failed} do not render")]
    public static partial void Rendered(ILogger logger, int machines, int shapes, long revision, double seconds, int failed);

    [LoggerMessage(EventId = 4005, Level = LogLevel.Error, Message = "Rendering the machines of revision {Revision} broke; each grant still renders its own")]
    public static partial void RenderingBroke(ILogger logger, Exception exception, long revision);

    [LoggerMessage(EventId = 4006, Level = LogLevel.Warning, Message = "The old revision {Folder} could not be removed: {Reason}. Let the server's user write there; the next apply tries again.")]
    public static partial void RevisionStays(ILogger logger, string folder, string reason);
}
