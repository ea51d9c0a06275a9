using Microsoft.Extensions.Logging;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Enrolment;

internal static partial class EnrolmentLog
{
    [LoggerMessage(EventId = 7001, Level = LogLevel.Information, Message = "{Mac} is enrolled as {Machine} by {Rule}")]
    public static partial void Enrolled(ILogger logger, MacAddress mac, string machine, string rule);

    [LoggerMessage(EventId = 7002, Level = LogLevel.Warning, Message = "{Mac} is not enrolled by {Rule}: {Reason}")]
    public static partial void NotEnrolled(ILogger logger, MacAddress mac, string rule, string reason);

    [LoggerMessage(EventId = 7003, Level = LogLevel.Warning, Message = "{Machine} is enrolled, but not deployed: {Reason} {Remedy}")]
    public static partial void NotDeployed(ILogger logger, string machine, string reason, string remedy);

    [LoggerMessage(EventId = 7004, Level = LogLevel.Information, Message = "{Mac} is held in the deploy environment: {Reason}")]
    public static partial void Held(ILogger logger, MacAddress mac, string reason);
}
