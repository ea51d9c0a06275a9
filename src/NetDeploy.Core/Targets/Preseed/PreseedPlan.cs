using NetDeploy.Core.Profiles;
using NetDeploy.Core.Targets.Plans;

namespace NetDeploy.Core.Targets.Preseed;

/// <summary>
/// What no question of the installer covers: which disks are meant and the claim, both before partman; then files, accounts, keys,
/// services, the boot loader's settings, scripts and the first boot's report, when the system is there.
/// </summary>
internal static class PreseedPlan
{
    private const string Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

    public static Plan Of(Recipe recipe, PlanContext context)
    {
        var system = recipe.System;
        return new(
        [
            new PlanHeader(context.Deployment, recipe.Machine),
            .. PlanCompiler.Requirements(system),
            .. StorageSteps.Choice(system.Storage),
            new Claim(),

            // What an image has from its build.
            .. system.Scripts.Where(s => s.Phase == ScriptPhase.Build).Select(s => new Script(s.Name, s.Content)),
            DebianFiles.File("/etc/apt/sources.list.d/debian.sources", Sources(recipe)),
            DebianFiles.File("/etc/apt/sources.list", "# See /etc/apt/sources.list.d/debian.sources.\n"),

            .. PlanCompiler.Configuration(recipe, context),
            new Finish(),
        ]);
    }

    /// <summary>deb822 (sources.list(5)), as in an image.</summary>
    private static string Sources(Recipe recipe) =>
        string.Join('\n', recipe.System.Repositories.Select(repository =>
            $"Types: deb\nURIs: {repository.Uri}\nSuites: {repository.Suite}\n"
            + (repository.Suite.EndsWith('/') ? "" : $"Components: {string.Join(' ', repository.Components)}\n")
            + $"Signed-By: {Keyring}\n"));
}
