namespace NetDeploy.Server.Deployments;

/// <summary>Whose installer an address is, and of which boot: a later one may come from elsewhere.</summary>
internal sealed record InstallerPlace(string Machine, string Boot);
