using System.Collections.Concurrent;
using System.Net;
using NetDeploy.Core.Deployments;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Deployments;

/// <summary>
/// From which addresses installers speak that have no token to show, as in syslog: by address, the machine whose installer runs there and the boot
/// that it came with, since a later boot may come from elsewhere.
/// </summary>
/// <param name="current">A machine's newest deployment.</param>
internal sealed class InstallerAddresses(Func<string, Deployment?> current)
{
    private readonly ConcurrentDictionary<IPAddress, Place> _places = new();

    /// <summary>The deployment whose installer runs at this address; null where none does.</summary>
    public Deployment? At(IPAddress source) =>
        _places.TryGetValue(source.Plain(), out var place) && current(place.Machine) is { } deployment && BootOf(deployment) == place.Boot ? deployment : null;

    /// <summary>The boots whose installers may still speak.</summary>
    public ISet<string> Boots() => _places.Values.Select(p => current(p.Machine)).OfType<Deployment>().Select(d => d.BootId).OfType<string>().ToHashSet(StringComparer.Ordinal);

    /// <summary>Its addresses, while the installer runs there. A boot that came from another address leaves the old ones to whoever leases them next.</summary>
    public void Remember(Deployment deployment)
    {
        var boot = BootOf(deployment);
        Forget(deployment.MachineId, p => p.Value.Boot != boot);
        if (boot is not null)
        {
            _places[deployment.Boot!.Source] = new(deployment.MachineId, boot);
        }
    }

    /// <summary>
    /// Beside another DHCP server the loader's address is not the installer's, and its log comes from the latter: from where it last showed its
    /// token. One such address a machine; after a restart of this server it is known again by the installer's next request.
    /// </summary>
    public void Remember(Deployment deployment, IPAddress source)
    {
        if (current(deployment.MachineId) is { } newest && newest.Id == deployment.Id && BootOf(newest) is { } boot)
        {
            Forget(newest.MachineId, p => !p.Key.Equals(newest.Boot!.Source) && !p.Key.Equals(source));
            _places[source] = new(newest.MachineId, boot);
        }
    }

    /// <summary>The machine is gone.</summary>
    public void Forget(string machineId) => Forget(machineId, _ => true);

    private void Forget(string machineId, Func<KeyValuePair<IPAddress, Place>, bool> which)
    {
        foreach (var known in _places.Where(p => p.Value.Machine == machineId && which(p)))
        {
            _places.TryRemove(known);
        }
    }

    /// <summary>The boot that an installer may speak of now; null where none runs.</summary>
    private static string? BootOf(Deployment deployment) =>
        deployment is { Installer: not null, Boot: not null, State: DeploymentState.Booting or DeploymentState.Claimed } ? deployment.BootId : null;

    private sealed record Place(string Machine, string Boot);
}
