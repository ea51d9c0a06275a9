using System.Collections.Immutable;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>Packages and where they come from.</summary>
internal static class SoftwareBinder
{
    /// <summary>The word under <c>families</c> for a family that has no such package and needs none.</summary>
    private const string NoPackage = "none";

    public static ImmutableArray<string> ReadPackages(MapCursor system, DistroSpec distro) =>
    [
        .. system.Items("packages")
            .Select(p => p.Below("families").Text(distro.Family) ?? p.Text("name")!)
            .Where(p => p != NoPackage)
            .Distinct(),
    ];

    public static ImmutableArray<RepositorySpec> ReadRepositories(MapCursor system, DiagnosticBag diagnostics)
    {
        var mirrors = system.Below("mirrors");
        var repositories = ImmutableArray.CreateBuilder<RepositorySpec>();
        foreach (var repository in system.Items("repositories"))
        {
            if (ReadUri(repository, mirrors, diagnostics) is not { } uri)
            {
                continue;
            }

            if (repository.Text("suite") is not { } suite)
            {
                diagnostics.Error(repository.At, repository.PathOf("suite"), "the repository names no suite.", "Add 'suite: ', such as bookworm.");
            }
            else if (repository.Texts("components") is not { Length: > 0 } components)
            {
                diagnostics.Error(repository.At, repository.PathOf("components"), "the repository names no components.", "Add 'components: [main]'.");
            }
            else
            {
                repositories.Add(new(repository.Text("name")!, uri, suite, components, repository.Text("key")));
            }
        }

        if (repositories.Count == 0 && !system.Items("repositories").Any())
        {
            diagnostics.Error(system.OriginOf("repositories"), "system.repositories", "no repository is left to install from.", "The distro's document usually brings them.");
        }

        return repositories.ToImmutable();
    }

    private static string? ReadUri(MapCursor repository, MapCursor mirrors, DiagnosticBag diagnostics)
    {
        // A stronger layer that gives an address means it, whatever mirror a weaker one named.
        if (repository.Text("uri") is { } uri)
        {
            return uri;
        }

        if (repository.Text("mirror") is not { } mirror)
        {
            diagnostics.Error(repository.At, repository.Path, "the repository says neither 'mirror' nor 'uri'.", "Add one of them.");
            return null;
        }

        if (mirrors.Text(mirror) is { } known)
        {
            return known;
        }

        diagnostics.Error(repository.OriginOf("mirror"), repository.PathOf("mirror"), $"there is no mirror '{mirror}'.", Spelling.Remedy(mirror, mirrors.Map?.Entries.Select(e => e.Key) ?? []));
        return null;
    }
}
