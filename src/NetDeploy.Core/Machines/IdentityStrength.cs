namespace NetDeploy.Core.Machines;

/// <summary>How well a machine's identity is known, weakest first. Each secret names the strength it needs.</summary>
public enum IdentityStrength
{
    /// <summary>A MAC or UUID in a packet: anyone on the segment can say that.</summary>
    Claimed,

    /// <summary>Option 82 from a trusted relay: the switch port.</summary>
    Wired,

    /// <summary>Handed over by the guest's host or the BMC.</summary>
    Delivered,

    /// <summary>A TPM key.</summary>
    Proven,
}
