namespace NetDeploy.Core.Secrets;

/// <summary>How well a machine showed who it is, weakest first. Recorded with each deployment.</summary>
public enum IdentityStrength
{
    /// <summary>A MAC or UUID in a packet: anyone on the segment can say that.</summary>
    Claimed,

    /// <summary>Option 82 from a trusted relay.</summary>
    Wired,

    /// <summary>Handed over by the guest's host or the BMC.</summary>
    Delivered,

    /// <summary>A TPM's key.</summary>
    Proven,
}
