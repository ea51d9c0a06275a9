using Microsoft.Extensions.Logging;

namespace NetDeploy.Cli.Lab.Supervision;

internal static partial class LabLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The lab is up: namespace {Network}, {Blades} blades, accelerator {Accelerator}")]
    public static partial void Up(this ILogger logger, string network, int blades, string accelerator);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Name} started, process {ProcessId}: {Command}")]
    public static partial void ChildStarted(this ILogger logger, string name, int processId, string command);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Name} ended with exit code {ExitCode}")]
    public static partial void ChildEnded(this ILogger logger, string name, int exitCode);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Blade} ({Mac}) powered on, process {ProcessId}")]
    public static partial void PoweredOn(this ILogger logger, string blade, string mac, int processId);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Blade} powered off")]
    public static partial void PoweredOff(this ILogger logger, string blade);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Blade} is new hardware: {OldMac} became {NewMac}")]
    public static partial void Renewed(this ILogger logger, string blade, string oldMac, string newMac);

    [LoggerMessage(Level = LogLevel.Information, Message = "The lab goes down")]
    public static partial void GoingDown(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A control connection broke: {Reason}")]
    public static partial void ControlBroke(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A connection to {Host}:{Port} broke: {Reason}")]
    public static partial void RelayBroke(this ILogger logger, string host, int port, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The router advertiser stopped; BIOS blades now wait 16 s for IPv6 at each boot")]
    public static partial void AdvertiserStopped(this ILogger logger, Exception exception);
}
