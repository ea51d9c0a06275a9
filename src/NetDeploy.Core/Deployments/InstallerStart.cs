namespace NetDeploy.Core.Deployments;

/// <summary>The distribution's own installer as a deployment pinned it: what its boot scripts and answers name.</summary>
/// <param name="Distro">The <c>Distro</c> document's name; the folder of its boot files.</param>
/// <param name="BuildId">Of the boot files: answers and components belong to this very build.</param>
/// <param name="ComponentsSuite">The suite that the installer's components come from; null: the distribution's.</param>
/// <param name="Domain">The host's domain, which the installer asks for before it has its answers.</param>
public sealed record InstallerStart(string Distro, string BuildId, string? ComponentsSuite, string? Domain);
