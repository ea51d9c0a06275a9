namespace NetDeploy.Core.Deployments;

/// <summary>What the asker is told.</summary>
public abstract record DeploymentAnswer
{
    private DeploymentAnswer()
    {
    }

    /// <summary>Done, or done before.</summary>
    public sealed record Accepted : DeploymentAnswer;

    /// <summary>This boot may write to the disk.</summary>
    public sealed record ClaimGranted : DeploymentAnswer;

    /// <summary>This boot gets the deploy environment, with the tokens of the record's boot.</summary>
    public sealed record BootDeploy : DeploymentAnswer;

    /// <summary>The machine boots its own disk.</summary>
    public sealed record BootLocal(string Reason) : DeploymentAnswer;

    /// <summary>Too late to change anything; it is in the timeline.</summary>
    public sealed record Recorded(string Reason) : DeploymentAnswer;

    /// <summary>The asker may not do this.</summary>
    public sealed record Refused(string Reason) : DeploymentAnswer;
}
