using Microsoft.Extensions.Logging;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Boot;

internal static partial class BootLog
{
    [LoggerMessage(EventId = 3001, Level = LogLevel.Error, Message = "{Machine}: the plan of deployment {Deployment} could not be served: {Reason}")]
    public static partial void PlanFailed(ILogger logger, string machine, string deployment, string reason);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Information, Message = "{Mac} {Protocol} {Request}: {Decision}")]
    public static partial void Decided(ILogger logger, MacAddress? mac, string protocol, string request, string decision);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Warning, Message = "Boot alarm: {Text}")]
    public static partial void Alarm(ILogger logger, string text);
}
