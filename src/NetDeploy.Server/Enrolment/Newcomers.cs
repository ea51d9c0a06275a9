using NetDeploy.Server.Deployments;

namespace NetDeploy.Server.Enrolment;

/// <summary>What the boot path needs for machines that no document names.</summary>
/// <param name="Seen">Shared with <paramref name="Hold"/>: what a machine told in one way counts in the other.</param>
internal sealed record Newcomers(Enroller Enroller, HoldDesk Hold, SeenMachines Seen);
