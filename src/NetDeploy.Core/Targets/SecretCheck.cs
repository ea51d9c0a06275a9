using System.Collections.Immutable;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Profiles.Documents;
using NetDeploy.Core.Secrets;

namespace NetDeploy.Core.Targets;

/// <summary>Whether the secrets that a recipe names are stored and can stand where it puts them.</summary>
public static class SecretCheck
{
    /// <summary>What cryptsetup reads from a terminal at most.</summary>
    private const int LongestPassphrase = 512;

    /// <summary>What a secret is for, and so what it may look like.</summary>
    internal enum Purpose
    {
        PasswordHash,
        Passphrase,
    }

    /// <param name="secrets">By name.</param>
    public static ImmutableArray<Diagnostic> Run(Recipe recipe, IReadOnlyDictionary<string, Secret> secrets, Severity severity) =>
        [.. References(recipe).Select(u => Check(recipe, u, secrets, severity)).OfType<Diagnostic>()];

    internal static IEnumerable<Use> References(Recipe recipe)
    {
        if (recipe.System.Root.Password?.Secret is { } root)
        {
            yield return new("system.root.passwordHash", root, Purpose.PasswordHash);
        }

        foreach (var user in recipe.System.Users)
        {
            if (user.Password?.Secret is { } reference)
            {
                yield return new($"system.users[{user.Name}].passwordHash", reference, Purpose.PasswordHash);
            }
        }

        foreach (var device in StorageDevice.Of(recipe.System.Storage).DistinctBy(d => d.Path))
        {
            if (device.Encryption?.Passphrase is { } reference)
            {
                yield return new($"{device.Path}.encryption.passphrase", reference, Purpose.Passphrase);
            }
        }
    }

    internal static Diagnostic? Check(Recipe recipe, Use use, IReadOnlyDictionary<string, Secret> secrets, Severity severity)
    {
        var name = use.Reference.Name;
        if (!secrets.TryGetValue(name, out var secret))
        {
            return recipe.At(use.Path, severity, $"there is no secret '{name}'.", use.Purpose == Purpose.PasswordHash ? $"Store it: netdeploy passwd | netdeploy secret set {name}" : $"Store it: netdeploy secret set {name}");
        }

        var value = secret.Reveal();
        return use.Purpose switch
        {
            // The one check of documents; a value that is none is never shown.
            Purpose.PasswordHash when Formats.CryptHash(ref value) is not null =>
                recipe.At(use.Path, severity, $"the secret '{name}' is no password hash.", $"Store one: netdeploy passwd | netdeploy secret set {name}"),
            Purpose.Passphrase when value.Length is 0 or > LongestPassphrase || !value.All(c => c is >= ' ' and <= '~') =>
                recipe.At(use.Path, severity, $"the secret '{name}' is no passphrase that can be typed at every console.", $"Take 1 to {LongestPassphrase} characters of ASCII, on one line."),
            _ => null,
        };
    }

    /// <summary>One place of a recipe that names a secret.</summary>
    internal sealed record Use(string Path, SecretReference Reference, Purpose Purpose);
}
