using System.Text.RegularExpressions;
using NetDeploy.Core.Images;

namespace NetDeploy.Server.Images;

/// <summary>
/// What the worker accepts. It trusts no queue entry: each word ends up on a command line or in an apt source, where
/// a leading dash, a blank or a newline would mean something else.
/// </summary>
internal static partial class ImageSpecRules
{
    public const int MaximumPackages = 2000;
    public const int MaximumRepositories = 32;
    public const int MaximumScripts = 64;
    public const int MaximumScriptCharacters = 256 * 1024;
    public const int MaximumKeyCharacters = 64 * 1024;

    /// <summary>The first thing wrong with a spec for a Debian builder, or null.</summary>
    public static string? FirstFault(ImageSpec spec)
    {
        if (spec.Family != "debian")
        {
            return $"No builder for the family '{spec.Family}'.";
        }

        if (!WordPattern().IsMatch(spec.Release) || !WordPattern().IsMatch(spec.Architecture))
        {
            return $"'{spec.Release}' for '{spec.Architecture}' is no release and architecture.";
        }

        if (spec.Repositories.IsDefaultOrEmpty || spec.Repositories.Length > MaximumRepositories)
        {
            return $"An image needs 1 to {MaximumRepositories} repositories.";
        }

        foreach (var repository in spec.Repositories)
        {
            if (FaultOf(repository) is { } fault)
            {
                return fault;
            }
        }

        if (spec.Packages.IsDefault || spec.Packages.Length > MaximumPackages)
        {
            return $"An image takes at most {MaximumPackages} packages.";
        }

        if (spec.Packages.FirstOrDefault(package => !PackagePattern().IsMatch(package)) is { } wrong)
        {
            return $"'{wrong}' is no package name.";
        }

        return spec.Scripts.IsDefault || spec.Scripts.Length > MaximumScripts || spec.Scripts.Any(script => script.Length > MaximumScriptCharacters)
            ? $"An image takes at most {MaximumScripts} build scripts of {MaximumScriptCharacters} characters."
            : null;
    }

    private static string? FaultOf(ImageRepository repository)
    {
        if (!UriPattern().IsMatch(repository.Uri) || !Uri.TryCreate(repository.Uri, UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0)
        {
            return $"'{repository.Uri}' is no mirror: an http or https URI without user and password.";
        }

        if (repository.Key is { } key && (key.Length > MaximumKeyCharacters || !KeyPattern().IsMatch(key)))
        {
            return $"The key of '{repository.Uri}' is no armored OpenPGP public key.";
        }

        return SuitePattern().IsMatch(repository.Suite) && repository.Components.Length > 0 && repository.Components.All(WordPattern().IsMatch)
            ? null
            : $"'{repository.Suite} {string.Join(' ', repository.Components)}' is no suite with components.";
    }

    [GeneratedRegex(@"\Ahttps?://[\x21-\x7e]+\z")]
    private static partial Regex UriPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._/-]*\z")]
    private static partial Regex SuitePattern();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]*\z")]
    private static partial Regex WordPattern();

    // Nothing in it starts a field of its own: each line is continued in the source.
    [GeneratedRegex(@"\A-----BEGIN PGP PUBLIC KEY BLOCK-----\n([\x20-\x7e]*\n)+-----END PGP PUBLIC KEY BLOCK-----\n?\z")]
    private static partial Regex KeyPattern();

    // Debian policy 5.6.1; an architecture qualifier may follow.
    [GeneratedRegex(@"\A[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?\z")]
    private static partial Regex PackagePattern();
}
