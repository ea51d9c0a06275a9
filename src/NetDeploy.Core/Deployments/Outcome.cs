using System.Collections.Immutable;

namespace NetDeploy.Core.Deployments;

/// <summary>What an event makes of a deployment. Nothing is real before the store's compare-and-set took it.</summary>
/// <param name="Next">Equal to the deployment given where nothing changed.</param>
/// <param name="QuarantineReason">Set where the machine must be kept from reinstalling.</param>
public sealed record Outcome(
    Deployment Next,
    DeploymentAnswer Answer,
    ImmutableArray<TimelineNote> Notes,
    string? QuarantineReason = null);
