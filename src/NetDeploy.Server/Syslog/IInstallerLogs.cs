using System.Net;
using NetDeploy.Protocols.Syslog;

namespace NetDeploy.Server.Syslog;

/// <summary>Where heard lines go.</summary>
public interface IInstallerLogs
{
    /// <summary>Never waits and never throws on what was sent.</summary>
    void Heard(IPAddress source, SyslogMessage message);
}
