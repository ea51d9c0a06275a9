using System.Collections.Immutable;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.DeployEnvironment;

/// <summary>The image method: a plan for the deploy environment, as <c>bootfiles/deploy/PROTOCOL.md</c> defines it.</summary>
public sealed class DeployEnvironmentTarget : ITarget
{
    public string Name => "deploy environment (method image, family debian)";

    public bool Takes(Recipe recipe) => recipe is { Method: InstallMethod.Image, Distro.Family: "debian" };

    public ImmutableArray<Diagnostic> Check(Recipe recipe) => throw new NotSupportedException(recipe.Hash);

    public Result<RenderedFile> Render(Recipe recipe, PlanContext context) => throw new NotSupportedException(recipe.Hash);
}
