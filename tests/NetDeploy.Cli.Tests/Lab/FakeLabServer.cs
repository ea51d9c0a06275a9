using System.Collections.Concurrent;
using System.Collections.Immutable;
using NetDeploy.Cli.Lab;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Supervision;
using NetDeploy.Client;

namespace NetDeploy.Cli.Tests.Lab;

/// <summary>A server that powers blades for real, and says of them what a test wants.</summary>
internal sealed class FakeLabServer(LabControl control, string ends, string? reason = null) : ILabServer
{
    public const string DeploymentId = "d-1";

    private static readonly TimelineView[] Timeline =
    [
        new(2, 0, "dhcp", "Discover from the blade: Offer", DeploymentId, null),
        new(3, 0, "progress", "step_unpack 50 %", DeploymentId, null),
    ];

    private readonly ConcurrentDictionary<string, bool> _ordered = [];

    public List<DocumentText> Applied { get; } = [];

    /// <summary>A rule makes machines of the blades.</summary>
    public bool Enrols { get; init; }

    public List<BladeIdentity> Replaced { get; } = [];

    public ImmutableArray<ChildCommand> Children { get; init; } = [new("server", ["sleep", "1000"], InsideNetwork: true)];

    /// <summary>Why what a server needs is not there; null: it is.</summary>
    public Exception? Unprepared { get; init; }

    public Task PrepareAsync(LabServerSetup setup, Action<string> say, CancellationToken cancellationToken) =>
        Unprepared is { } fault ? Task.FromException(fault) : Task.CompletedTask;

    public ImmutableArray<ChildCommand> Processes(LabServerSetup setup) => Children;

    public Task WaitUntilReadyAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ApplyAsync(IReadOnlyList<DocumentText> documents, CancellationToken cancellationToken)
    {
        Applied.AddRange(documents);
        return Task.CompletedTask;
    }

    public async Task<DeployResult> DeployAsync(string machine, CancellationToken cancellationToken)
    {
        await control.CycleAsync(machine, cancellationToken);
        _ordered[machine] = true;
        return new DeployResult(DeploymentId, "granted", null);
    }

    public async Task<DeployResult> ReplaceAsync(string machine, BladeIdentity hardware, CancellationToken cancellationToken)
    {
        Replaced.Add(hardware);
        await control.CycleAsync(hardware.Mac, cancellationToken);
        return new DeployResult(DeploymentId, "granted", null);
    }

    /// <summary>Whoever is switched on is enrolled, the last blade first.</summary>
    public async Task<MachineListView> MachinesAsync(CancellationToken cancellationToken)
    {
        var lab = await control.StateAsync(cancellationToken);
        var enrolled = lab.Blades.Reverse().Select((blade, index) => (blade, Name: $"node-{index + 1}")).Where(b => Enrols && b.blade.On).ToArray();
        foreach (var (_, name) in enrolled)
        {
            _ordered[name] = true;
        }

        return new MachineListView(
            [.. await Task.WhenAll(enrolled.Select(async b => await MachineAsync(b.Name, cancellationToken) with { Macs = [b.blade.Hardware.Identity.Mac], EnrolledBy = "lab/blades" }))], []);
    }

    public Task<MachineView> MachineAsync(string machine, CancellationToken cancellationToken) => Task.FromResult(new MachineView(
        machine, "metal", [], "debian-12", "image", false, ends, null, null, reason, [], null, null, "10.77.0.10", DeploymentId, null, ["ssh-ed25519 AAAA host"]));

    public Task<IReadOnlyList<TimelineView>> TimelineAsync(string machine, long after, TimeSpan wait, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<TimelineView>>([.. Timeline.Where(t => t.Sequence > after && _ordered.ContainsKey(machine))]);
}
