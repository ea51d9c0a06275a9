using System.Collections.Immutable;

namespace NetDeploy.Core.Machines;

/// <summary>What one packet or request says of its sender's hardware; any of it may be absent or forged.</summary>
public sealed record HardwareClues(NetDeploy.Protocols.MacAddress? Mac, Guid? Uuid = null, string? Slot = null);

/// <summary>Which machine some clues point to.</summary>
public abstract record MachineMatch
{
    private MachineMatch()
    {
    }

    /// <param name="Strength"><c>wired</c> where the slot matched.</param>
    /// <param name="By">The key that decided: <c>slot</c>, <c>uuid and mac</c>, <c>mac</c>.</param>
    public sealed record Found(Machine Machine, IdentityStrength Strength, string By) : MachineMatch;

    public sealed record Unknown(string Reason) : MachineMatch;

    /// <summary>Keys point to two machines: local boot, and shown.</summary>
    public sealed record Conflict(ImmutableArray<string> Names, string Reason) : MachineMatch;
}
