using System.Collections.Immutable;
using System.Text.Json;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Net;

namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>What a lab shall be: the supervisor's order.</summary>
/// <param name="Network">Name of the namespace.</param>
/// <param name="Children">Started in this order, ended in the reverse one.</param>
internal sealed record LabPlan(string Network, ImmutableArray<ChildCommand> Children, ImmutableArray<BladeHardware> Blades)
{
    /// <summary>The blades' addresses are another DHCP server's, on a host of its own beside the bridge; it is one of the children.</summary>
    public bool HasMainServer { get; init; }

    /// <summary>Open before the first child starts.</summary>
    public ImmutableArray<RelayPlan> Relays { get; init; } = [];

    /// <summary>Tagged VLANs beside the untagged wire.</summary>
    public ImmutableArray<LabVlan> Vlans { get; init; } = [];

    /// <summary>Null where there is no such file, or it is damaged.</summary>
    public static LabPlan? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), LabJson.Default.LabPlan);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }
}
