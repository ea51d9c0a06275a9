using System.Collections.Immutable;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Targets.DeployEnvironment;
using NetDeploy.Core.Targets.Preseed;

namespace NetDeploy.Core.Targets;

/// <summary>Every target there is: one line each.</summary>
public static class TargetCatalog
{
    public static ImmutableArray<ITarget> All { get; } =
    [
        new DeployEnvironmentTarget(),
        new PreseedTarget(),
    ];

    /// <summary>The target that renders the recipe; null: none does.</summary>
    public static ITarget? For(Recipe recipe) => All.FirstOrDefault(t => t.Takes(recipe));

    /// <summary>Everything that would keep the recipe from being rendered.</summary>
    public static ImmutableArray<Diagnostic> Check(Recipe recipe) =>
        For(recipe) is { } target ? target.Check(recipe) : [NoTarget(recipe)];

    /// <summary>Renders the recipe by its target.</summary>
    public static Result<RenderedFile> Render(Recipe recipe, PlanContext context) =>
        For(recipe) is { } target ? target.Render(recipe, context) : new(null, [NoTarget(recipe)]);

    /// <summary>Renders the plan that goes with it; the same file where the target has but one.</summary>
    public static Result<RenderedFile> RenderPlan(Recipe recipe, PlanContext context) =>
        For(recipe) is { } target ? target.RenderPlan(recipe, context) : new(null, [NoTarget(recipe)]);

    private static Diagnostic NoTarget(Recipe recipe)
    {
        var method = recipe.Method.ToString().ToLowerInvariant();
        return recipe.At(
            "method", Severity.Error,
            $"no target installs family '{recipe.Distro.Family}' by method '{method}'.",
            $"Known: {string.Join(", ", All.Select(t => t.Name))}.",
            place: "");
    }
}
