using System.Collections.Immutable;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets;

/// <summary>A compiler from a recipe to one installer's or hypervisor's own format. Targets know nothing of each other.</summary>
public interface ITarget
{
    /// <summary>As operators see it.</summary>
    string Name { get; }

    /// <summary>Whether this target is the one for that method and family.</summary>
    bool Takes(Recipe recipe);

    /// <summary>What of the recipe it cannot express: errors at their YAML position. Needs nothing that is known only at a deployment.</summary>
    ImmutableArray<Diagnostic> Check(Recipe recipe);

    /// <summary>The file for one deployment: an installer's answers, or the plan where there is no other installer.</summary>
    Result<RenderedFile> Render(Recipe recipe, PlanContext context);

    /// <summary>What NetDeploy's own part on the machine executes, as <c>bootfiles/deploy/PROTOCOL.md</c> defines it.</summary>
    Result<RenderedFile> RenderPlan(Recipe recipe, PlanContext context) => Render(recipe, context);
}
