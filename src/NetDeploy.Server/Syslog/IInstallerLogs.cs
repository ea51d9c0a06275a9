using System.Net;
using NetDeploy.Protocols.Syslog;

namespace NetDeploy.Server.Syslog;

/// <summary>Where heard lines go.</summary>
public interface IInstallerLogs
{
    /// <summary>Whether an installer runs at this address: what a stranger sends is not even read.</summary>
    bool Hears(IPAddress source);

    /// <summary>Never waits and never throws on what was sent.</summary>
    void Heard(IPAddress source, SyslogMessage message);
}
