using System.Collections.Concurrent;
using System.Collections.Immutable;
using NetDeploy.Core.Deployments;

namespace NetDeploy.Server.Deployments;

/// <summary>By machine, its newest deployment and the one that its system came from; and so what nothing may push out while these need it.</summary>
/// <param name="isNewest">Whether the machine's record names this deployment.</param>
internal sealed class NewestDeployments(Func<Deployment, bool> isNewest)
{
    private readonly ConcurrentDictionary<string, Deployment> _newest = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Deployment> _installed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Deployment> _logged = new(StringComparer.Ordinal);

    /// <summary>By deployment, the image that it is about to take.</summary>
    private readonly ConcurrentDictionary<string, string> _taking = new(StringComparer.Ordinal);

    /// <summary>The machine's newest deployment; null where it never had one.</summary>
    public Deployment? Of(string machineId) => _newest.GetValueOrDefault(machineId);

    /// <summary>Two commits may arrive here in either order: the older revision must not win.</summary>
    /// <returns>Whether it is the machine's newest, as it is now.</returns>
    public bool Take(Deployment deployment)
    {
        var taken = ReferenceEquals(deployment, _newest.AddOrUpdate(
            deployment.MachineId,
            deployment,
            (_, known) => known.Id == deployment.Id
                ? known.Revision < deployment.Revision ? deployment : known
                : isNewest(deployment) ? deployment : known));
        if (taken && deployment.LogHash is not null)
        {
            Logged(deployment);
        }

        return taken;
    }

    /// <summary>The machine's newest deployment that uploaded a log; null where none is known.</summary>
    public Deployment? LogOf(string machineId) => _logged.GetValueOrDefault(machineId);

    /// <summary>The machine's newest log is of this one.</summary>
    public void Logged(Deployment deployment) => _logged[deployment.MachineId] = deployment;

    /// <summary>The machine's system came from this one.</summary>
    public void Installed(Deployment deployment) => _installed[deployment.MachineId] = deployment;

    /// <summary>The machine is gone.</summary>
    public void Forget(string machineId)
    {
        _newest.TryRemove(machineId, out _);
        _installed.TryRemove(machineId, out _);
        _logged.TryRemove(machineId, out _);
    }

    /// <summary>Those whose image is being built.</summary>
    public ImmutableArray<Deployment> Preparing() => [.. _newest.Values.Where(d => d.State == DeploymentState.Preparing)];

    /// <summary>Keeps an image for a deployment that has not taken it yet, until the answer is disposed of.</summary>
    public IDisposable Pin(string deploymentId, string imageId)
    {
        _taking[deploymentId] = imageId;
        return new ImagePin(_taking, deploymentId);
    }

    /// <summary>The images that deployments under way have pinned, or are about to take.</summary>
    public ISet<string> Images() =>
        _newest.Values.Where(d => !d.State.IsTerminal() && d.ImageId is not null && d.Installer is null).Select(d => d.ImageId!).Concat(_taking.Values).ToHashSet(StringComparer.Ordinal);

    /// <summary>
    /// Files of the bulk store: the documents of deployments under way and of each machine's last good recipe, and the newest log of each machine.
    /// </summary>
    public ISet<string> Files()
    {
        var pinned = new HashSet<string>(StringComparer.Ordinal);
        foreach (var deployment in _newest.Values)
        {
            if (!deployment.State.IsTerminal() && PinnedRecipe.Read(deployment.PlanInputs) is { } open)
            {
                pinned.Add(open.Documents);
            }
        }

        pinned.UnionWith(_logged.Values.Select(d => d.LogHash!));
        pinned.UnionWith(_installed.Values.Select(d => PinnedRecipe.Read(d.PlanInputs)?.Documents).OfType<string>());
        return pinned;
    }

    private sealed class ImagePin(ConcurrentDictionary<string, string> taking, string deploymentId) : IDisposable
    {
        public void Dispose() => taking.TryRemove(deploymentId, out _);
    }
}
