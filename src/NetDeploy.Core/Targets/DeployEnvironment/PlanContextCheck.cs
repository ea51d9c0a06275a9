using System.Collections.Immutable;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.DeployEnvironment;

/// <summary>What only a running deployment shows: secrets that are missing or withheld, a NIC that nobody knows.</summary>
internal static class PlanContextCheck
{
    public static ImmutableArray<Diagnostic> Run(Recipe recipe, PlanContext context)
    {
        var found = ImmutableArray.CreateBuilder<Diagnostic>();
        CheckSecret(recipe, context, "system.root.passwordHash", recipe.System.Root.Password, found);
        foreach (var user in recipe.System.Users)
        {
            CheckSecret(recipe, context, $"system.users[{user.Name}].passwordHash", user.Password, found);
        }

        var nics = recipe.System.Nics;
        if (context.BootMac is null && nics.Any(n => n.Mac is null))
        {
            found.Add(At(recipe, "system.nics[boot]", "nobody knows from which NIC this machine netboots.", "Name the NIC by its MAC address.", Severity.Error));
        }

        if (context.BootMac is { } boot && nics.Any(n => n.Mac is null) && nics.Any(n => n.Mac == boot))
        {
            found.Add(At(recipe, $"system.nics[{boot}]", $"this is the NIC that netboots, and 'boot' describes it too.", "Keep one of them.", Severity.Error));
        }

        if (context.BootMac is { } mac && nics.Length > 0 && nics.All(n => n.Mac is not null && n.Mac != mac))
        {
            found.Add(At(recipe, "system.nics", $"the machine netboots from {mac}, which no NIC here describes: the installed system will not use it.", "Write mac: boot, or add this MAC address.", Severity.Warning));
        }

        return found.ToImmutable();
    }

    private static void CheckSecret(Recipe recipe, PlanContext context, string path, PasswordSpec? password, ImmutableArray<Diagnostic>.Builder found)
    {
        if (password?.Secret is not { } reference)
        {
            return;
        }

        if (context.Strength < reference.Strength)
        {
            var (needed, has) = (reference.Strength.ToString().ToLowerInvariant(), context.Strength.ToString().ToLowerInvariant());
            found.Add(At(recipe, path, $"the secret '{reference.Name}' needs identity '{needed}', and this machine's is '{has}'.", "Boot it where its identity is stronger, or ask less of the secret.", Severity.Error));
        }
        else if (!context.Secrets.TryGetValue(reference.Name, out var secret))
        {
            found.Add(At(recipe, path, $"there is no secret '{reference.Name}'.", $"Store it: netdeploy passwd | netdeploy secret set {reference.Name}", Severity.Error));
        }
        else if (secret.Reveal() is var value && (value.Length == 0 || value.Any(c => char.IsControl(c) || c is ':' or ' ')))
        {
            found.Add(At(recipe, path, $"the secret '{reference.Name}' is no password hash.", "`netdeploy passwd` makes one.", Severity.Error));
        }
    }

    private static Diagnostic At(Recipe recipe, string path, string message, string remedy, Severity severity) =>
        DeployEnvironmentCheck.At(recipe, severity, path, message, remedy);
}
