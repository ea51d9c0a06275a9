using System.Collections.Concurrent;
using System.Net;
using NetDeploy.Core.Deployments;
using NetDeploy.Protocols.Syslog;
using NetDeploy.Server.Deployments;

namespace NetDeploy.Server.Syslog;

/// <summary>
/// Lines of installers to the timelines of their machines. A line belongs to the deployment whose boot came from its address; what
/// others send is dropped. It is evidence: it shows progress and keeps the silence deadline away, and changes no state.
/// </summary>
public sealed class InstallerLogs(DeploymentService deployments) : IInstallerLogs
{
    /// <summary>One reader a deployment that is being installed; of ended ones none is kept beyond this.</summary>
    internal const int Bound = 1024;

    private readonly ConcurrentDictionary<string, InstallerLog> _readers = new(StringComparer.Ordinal);

    internal int Count => _readers.Count;

    public bool Hears(IPAddress source) => deployments.InstallerAt(source) is not null;

    public void Heard(IPAddress source, SyslogMessage message)
    {
        if (deployments.InstallerAt(source) is not { } deployment)
        {
            return;
        }

        deployments.HeardInstaller(deployment);
        var reader = _readers.GetOrAdd(deployment.BootId!, _ => new InstallerLog(deployment.Installer!.Distro));
        TimelineNote? note;
        lock (reader)
        {
            note = reader.Read(message);
        }

        if (note is not null)
        {
            deployments.Note(deployment.MachineId, note);
        }

        if (_readers.Count > Bound)
        {
            Forget();
        }
    }

    /// <summary>The readers of deployments that no address belongs to any more.</summary>
    private void Forget()
    {
        var alive = deployments.InstallerBoots();
        foreach (var boot in _readers.Keys.Where(b => !alive.Contains(b)))
        {
            _readers.TryRemove(boot, out _);
        }
    }
}
