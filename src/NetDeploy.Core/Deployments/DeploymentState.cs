namespace NetDeploy.Core.Deployments;

/// <summary>Where a deployment is. The last four and <see cref="Installed"/> are terminal.</summary>
public enum DeploymentState
{
    /// <summary>Its image is being built; nothing is permitted yet.</summary>
    Preparing,

    /// <summary>The machine may boot the deploy environment and claim.</summary>
    Granted,

    /// <summary>It fetched its boot script at least once.</summary>
    Booting,

    /// <summary>Past the point of no return: one boot may write to the disk.</summary>
    Claimed,

    /// <summary>The disk is complete; from here only local boot.</summary>
    Written,

    /// <summary>The new system reported its first boot.</summary>
    Installed,

    /// <summary>The grant was not claimed in time.</summary>
    Expired,

    /// <summary>Withdrawn before the claim.</summary>
    Cancelled,

    /// <summary>The image could not be built, or the machine reported a failure.</summary>
    Failed,

    /// <summary>A deadline passed in silence, or it booted too often without a claim.</summary>
    Stuck,
}

/// <summary>What follows from a state, and its word.</summary>
public static class DeploymentStates
{
    public static bool IsTerminal(this DeploymentState state) => state >= DeploymentState.Installed;

    /// <summary>A grant is open: it may still be claimed.</summary>
    public static bool IsOpenGrant(this DeploymentState state) => state is DeploymentState.Granted or DeploymentState.Booting;

    /// <summary>The word of the API, the CLI and the store.</summary>
    public static string Word(this DeploymentState state) => state switch
    {
        DeploymentState.Preparing => "preparing",
        DeploymentState.Granted => "granted",
        DeploymentState.Booting => "booting",
        DeploymentState.Claimed => "claimed",
        DeploymentState.Written => "written",
        DeploymentState.Installed => "installed",
        DeploymentState.Expired => "expired",
        DeploymentState.Cancelled => "cancelled",
        DeploymentState.Failed => "failed",
        _ => "stuck",
    };
}
