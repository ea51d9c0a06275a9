using System.Collections.Immutable;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Targets.Plans;

namespace NetDeploy.Core.Targets.DeployEnvironment;

/// <summary>The image method: a plan for the deploy environment, as <c>bootfiles/deploy/PROTOCOL.md</c> defines it.</summary>
public sealed class DeployEnvironmentTarget : ITarget
{
    public string Name => "deploy environment (method image, family debian)";

    public bool Takes(Recipe recipe) => recipe is { Method: InstallMethod.Image, Distro.Family: "debian" };

    public ImmutableArray<Diagnostic> Check(Recipe recipe) => PlanCheck.Run(recipe);

    public Result<RenderedFile> Render(Recipe recipe, PlanContext context) => Plan.Render(Compile(recipe, context));

    /// <summary>The typed plan; errors are what <see cref="Check"/> finds, and what only the context shows: a missing or withheld secret.</summary>
    public static Result<Plan> Compile(Recipe recipe, PlanContext context)
    {
        var diagnostics = PlanCheck.Run(recipe).AddRange(PlanContextCheck.Run(recipe, context));
        return diagnostics.Any(d => d.Severity == Severity.Error)
            ? new(null, diagnostics)
            : new(PlanCompiler.Compile(recipe, context), diagnostics);
    }
}
