using System.Collections.Immutable;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Net;

namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>What a lab shall be: the supervisor's order.</summary>
/// <param name="Network">Name of the namespace.</param>
/// <param name="Children">Started in this order, ended in the reverse one.</param>
internal sealed record LabPlan(string Network, ImmutableArray<ChildCommand> Children, ImmutableArray<BladeHardware> Blades)
{
    /// <summary>Open before the first child starts.</summary>
    public ImmutableArray<RelayPlan> Relays { get; init; } = [];

    /// <summary>Tagged VLANs beside the untagged wire.</summary>
    public ImmutableArray<LabVlan> Vlans { get; init; } = [];
}
