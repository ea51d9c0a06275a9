using System.Collections.Immutable;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Secrets;

namespace NetDeploy.Core.Targets;

/// <summary>Whether the secrets that a recipe names are stored and can stand where it puts them.</summary>
public static class SecretCheck
{
    /// <param name="secrets">By name.</param>
    public static ImmutableArray<Diagnostic> Run(Recipe recipe, IReadOnlyDictionary<string, Secret> secrets, Severity severity) =>
        [.. References(recipe).Select(r => Check(recipe, r.Path, r.Reference, secrets, severity)).OfType<Diagnostic>()];

    internal static IEnumerable<(string Path, SecretReference Reference)> References(Recipe recipe)
    {
        if (recipe.System.Root.Password?.Secret is { } root)
        {
            yield return ("system.root.passwordHash", root);
        }

        foreach (var user in recipe.System.Users)
        {
            if (user.Password?.Secret is { } reference)
            {
                yield return ($"system.users[{user.Name}].passwordHash", reference);
            }
        }
    }

    internal static Diagnostic? Check(Recipe recipe, string path, SecretReference reference, IReadOnlyDictionary<string, Secret> secrets, Severity severity)
    {
        var (file, line, column) = recipe.Place(path);
        return !secrets.TryGetValue(reference.Name, out var secret)
            ? new(severity, file, line, column, path, $"there is no secret '{reference.Name}'.", $"Store it: netdeploy passwd | netdeploy secret set {reference.Name}")
            : secret.Reveal() is var value && (value.Length == 0 || value.Any(c => char.IsControl(c) || c is ':' or ' '))
            ? new(severity, file, line, column, path, $"the secret '{reference.Name}' is no password hash.", "`netdeploy passwd` makes one.")
            : null;
    }
}
