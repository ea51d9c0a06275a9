namespace NetDeploy.Lab.Tests.Kills;

/// <summary>One power-on of a blade, told by its token.</summary>
internal sealed class KnownBoot(KnownDeployment deployment, string token)
{
    public KnownDeployment Deployment { get; } = deployment;

    public string Token { get; } = token;

    /// <summary>From a plan; null until one came.</summary>
    public string? FirstBootToken { get; set; }

    public bool AskedToClaim { get; set; }
}
