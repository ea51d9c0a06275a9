using System.Collections.Immutable;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.Plans;

/// <summary>What only a running deployment shows: secrets that are missing or withheld, a NIC that nobody knows.</summary>
internal static class PlanContextCheck
{
    public static ImmutableArray<Diagnostic> Run(Recipe recipe, PlanContext context)
    {
        var found = ImmutableArray.CreateBuilder<Diagnostic>();
        foreach (var use in SecretCheck.References(recipe))
        {
            CheckSecret(recipe, context, use, found);
        }

        var nics = recipe.System.Nics;
        if (context.BootMac is null && nics.Any(n => n.Mac is null))
        {
            found.Add(recipe.At("system.nics[boot]", Severity.Error, "nobody knows from which NIC this machine netboots.", "Name the NIC by its MAC address."));
        }

        if (context.BootMac is { } boot && nics.Any(n => n.Mac is null) && nics.Any(n => n.Mac == boot))
        {
            found.Add(recipe.At($"system.nics[{boot}]", Severity.Error, $"this is the NIC that netboots, and 'boot' describes it too.", "Keep one of them."));
        }

        if (context.BootMac is { } mac && nics.Length > 0 && nics.All(n => n.Mac is not null && n.Mac != mac))
        {
            found.Add(recipe.At("system.nics", Severity.Warning, $"the machine netboots from {mac}, which no NIC here describes: the installed system will not use it.", "Write mac: boot, or add this MAC address."));
        }

        return found.ToImmutable();
    }

    private static void CheckSecret(Recipe recipe, PlanContext context, SecretCheck.Use use, ImmutableArray<Diagnostic>.Builder found)
    {
        var reference = use.Reference;
        if (context.Strength < reference.Strength)
        {
            var (needed, has) = (reference.Strength.ToString().ToLowerInvariant(), context.Strength.ToString().ToLowerInvariant());
            found.Add(recipe.At(use.Path, Severity.Error, $"the secret '{reference.Name}' needs identity '{needed}', and this machine's is '{has}'.", "Boot it where its identity is stronger, or ask less of the secret."));
        }
        else if (SecretCheck.Check(recipe, use, context.Secrets, Severity.Error) is { } wrong)
        {
            found.Add(wrong);
        }
    }
}
