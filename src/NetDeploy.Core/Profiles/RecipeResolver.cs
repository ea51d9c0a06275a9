using System.Collections.Immutable;
using NetDeploy.Core.Profiles.Binding;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles;

/// <summary>Lays a machine's layers over each other and reads the result as a recipe.</summary>
internal static class RecipeResolver
{
    public static Result<Recipe> Resolve(Snapshot snapshot, MachineSpec machine)
    {
        var diagnostics = new DiagnosticBag();
        var at = machine.Origin ?? new Origin(new SourceDocument(""), 0, 0);
        if (machine.Distro is not { } distroName || !snapshot.Distros.TryGetValue(distroName, out var distro))
        {
            diagnostics.Error(at, "distro", machine.Distro is null ? "the machine names no distro." : $"there is no distro '{machine.Distro}'.", Spelling.Remedy(machine.Distro ?? "", snapshot.Distros.Keys));
            return new(null, diagnostics.ToImmutable());
        }

        foreach (var missing in machine.Profiles.Where(p => !snapshot.Profiles.ContainsKey(p)))
        {
            diagnostics.Error(at, "profiles", $"there is no profile '{missing}'.", Spelling.Remedy(missing, snapshot.Profiles.Keys));
        }

        var tree = new MapNode(at, []);
        foreach (var layer in Layers(snapshot, machine, distro))
        {
            tree = (MapNode)LayerMerge.Merge(tree, layer, Shapes.System, "system", diagnostics);
        }

        var system = SystemBinder.Read(tree, at, machine, distro, snapshot.Networks.Values, diagnostics);
        if (diagnostics.HasErrors)
        {
            return new(null, diagnostics.ToImmutable());
        }

        var recipe = new Recipe
        {
            Machine = machine.Name,
            Kind = machine.Kind,
            Method = machine.Method,
            Distro = distro,
            System = system,
            Provenance = ProvenanceIndex.Of(tree),
            Hash = "",
            Image = ImagePart.Of(distro, system),
            Origin = machine.Origin,
        };
        return new(recipe with { Hash = RecipeHash.Of(recipe) }, diagnostics.ToImmutable());
    }

    /// <summary>Weakest first: distro, site, profiles, platform, machine.</summary>
    private static IEnumerable<Node> Layers(Snapshot snapshot, MachineSpec machine, DistroSpec distro)
    {
        var ordered = new List<ProfileSpec>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var site in snapshot.Profiles.Values.Where(p => p.Site))
        {
            AddWithParents(site.Name);
        }

        foreach (var name in machine.Profiles)
        {
            AddWithParents(name);
        }

        ImmutableArray<Node?> layers =
        [
            distro.System,
            .. ordered.Select(p => p.System),
            machine.Platform is { } platform ? snapshot.Platforms.GetValueOrDefault(platform)?.System : null,
            machine.System,
        ];
        return layers.OfType<Node>();

        // Parents before the profile that builds on them, each once, where it first came. Cycles were refused before,
        // and 'seen' ends them even so.
        void AddWithParents(string name)
        {
            if (snapshot.Profiles.TryGetValue(name, out var profile) && seen.Add(name))
            {
                foreach (var parent in profile.Parents)
                {
                    AddWithParents(parent);
                }

                ordered.Add(profile);
            }
        }
    }
}
