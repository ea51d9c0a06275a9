using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Syslog;

internal static partial class SyslogLog
{
    [LoggerMessage(EventId = 3501, Level = LogLevel.Information, Message = "Installers' logs are heard on {Address} (UDP)")]
    public static partial void Listening(ILogger logger, IPEndPoint address);

    [LoggerMessage(EventId = 3502, Level = LogLevel.Debug, Message = "A log datagram was lost: {Reason}")]
    public static partial void Lost(ILogger logger, SocketError reason);
}
