namespace NetDeploy.Core.Deployments;

/// <summary>How one task of the first boot ended: a script, or the hand-over to configuration management.</summary>
/// <param name="Kind"><c>script</c> or <c>handover</c>.</param>
/// <param name="Ended"><c>ok</c>, or in words how else.</param>
public sealed record FirstBootTask(string Kind, string Name, string Ended, int Seconds)
{
    public const string Ok = "ok";
}
