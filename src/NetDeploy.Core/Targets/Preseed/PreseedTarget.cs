using System.Collections.Immutable;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Targets.Plans;

namespace NetDeploy.Core.Targets.Preseed;

/// <summary>
/// The installer method for Debian: answers for Debian's own installer, and a plan for what it has no question for, by the steps
/// of the image method. So both methods end in the same system.
/// </summary>
public sealed class PreseedTarget : ITarget
{
    public string Name => "Debian's installer (method installer, family debian)";

    public bool Takes(Recipe recipe) => recipe is { Method: InstallMethod.Installer, Distro.Family: "debian" };

    public ImmutableArray<Diagnostic> Check(Recipe recipe) => PreseedCheck.Run(recipe);

    /// <inheritdoc/>
    public Result<RenderedFile> Render(Recipe recipe, PlanContext context)
    {
        var diagnostics = Diagnostics(recipe, context);
        if (diagnostics.Any(d => d.Severity == Severity.Error))
        {
            return new(null, diagnostics);
        }

        var rendered = new PreseedFile(PreseedAnswers.Of(recipe, context)).Render();
        return rendered with { Diagnostics = [.. diagnostics, .. rendered.Diagnostics] };
    }

    /// <inheritdoc/>
    public Result<RenderedFile> RenderPlan(Recipe recipe, PlanContext context) => Plan.Render(Compile(recipe, context));

    /// <summary>The typed plan; errors are what <see cref="Check"/> finds, and what only the context shows.</summary>
    public static Result<Plan> Compile(Recipe recipe, PlanContext context)
    {
        var diagnostics = Diagnostics(recipe, context);
        return diagnostics.Any(d => d.Severity == Severity.Error) ? new(null, diagnostics) : new(PreseedPlan.Of(recipe, context), diagnostics);
    }

    private static ImmutableArray<Diagnostic> Diagnostics(Recipe recipe, PlanContext context) =>
        [.. PreseedCheck.Run(recipe), .. PlanContextCheck.Run(recipe, context)];
}
