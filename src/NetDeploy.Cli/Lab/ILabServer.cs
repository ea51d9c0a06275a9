using System.Collections.Immutable;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Supervision;
using NetDeploy.Client;

namespace NetDeploy.Cli.Lab;

/// <summary>Where the lab's server lives and what it may answer on.</summary>
/// <param name="Interface">The interface it answers on, with <paramref name="Address"/> as its own address.</param>
/// <param name="LabPower">The control socket: the power seam <c>lab</c> switches blades there by MAC.</param>
internal sealed record LabServerSetup(string DataFolder, string CacheFolder, string Interface, string Address, string LabPower)
{
    /// <summary>The server answers on these too: VLANs of the lab.</summary>
    public ImmutableArray<string> MoreInterfaces { get; init; } = [];

    /// <summary>What the isolated network can reach through the server; with any, images are built inside it too. None: the lab's worker uses the host's network.</summary>
    public ImmutableArray<LabMirror> Mirrors { get; init; } = [];
}

/// <summary>The server as the lab uses it. All but the first two go through the management API.</summary>
internal interface ILabServer
{
    /// <summary>What has to be there before a server can start, such as boot files; <paramref name="say"/> takes a line for the operator.</summary>
    Task PrepareAsync(LabServerSetup setup, Action<string> say, CancellationToken cancellationToken);

    /// <summary>The server (inside the lab's network) and the image worker (outside, unprivileged).</summary>
    ImmutableArray<ChildCommand> Processes(LabServerSetup setup);

    /// <summary>Returns when the server answers.</summary>
    Task WaitUntilReadyAsync(CancellationToken cancellationToken);

    /// <exception cref="NetDeployApiException">Refused; the diagnostics say where and why.</exception>
    Task ApplyAsync(IReadOnlyList<DocumentText> documents, CancellationToken cancellationToken);

    /// <summary>Deploys a machine; the server powers it on by the lab's control socket.</summary>
    Task<DeployResult> DeployAsync(string machine, CancellationToken cancellationToken);

    /// <summary>Gives the name to other hardware and deploys that.</summary>
    Task<DeployResult> ReplaceAsync(string machine, BladeIdentity hardware, CancellationToken cancellationToken);

    /// <summary>Every machine; and who asked without being one.</summary>
    Task<MachineListView> MachinesAsync(CancellationToken cancellationToken);

    Task<MachineView> MachineAsync(string machine, CancellationToken cancellationToken);

    /// <summary>Entries after <paramref name="after"/>; waits up to <paramref name="wait"/> for the first one.</summary>
    Task<IReadOnlyList<TimelineView>> TimelineAsync(string machine, long after, TimeSpan wait, CancellationToken cancellationToken);
}
