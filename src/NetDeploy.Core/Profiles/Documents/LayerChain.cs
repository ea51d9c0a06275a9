using System.Collections.Immutable;
using NetDeploy.Core.Profiles.Binding;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>
/// The layers below a machine's own, laid over each other: distro, site, profiles in the machine's order, platform. Machines that name the same
/// share the tree, and what a machine lays over it copies no more than it changes.
/// </summary>
/// <param name="Tree">Null: none of the layers says anything.</param>
/// <param name="Findings">What laying them over each other found.</param>
internal sealed record LayerChain(MapNode? Tree, ImmutableArray<Diagnostic> Findings)
{
    /// <summary>An interface has an address there, which each machine's own may contradict.</summary>
    public bool NamesAddresses { get; } = Tree is not null && InterfaceBinder.NamesAddresses(MapCursor.Of(Tree, "system"));

    /// <summary>Equal keys, equal chains; names hold no line break.</summary>
    public static string KeyOf(MachineSpec machine) =>
        $"{machine.Distro}\n{machine.Platform}\n{string.Join('\n', machine.Profiles)}";

    public static LayerChain Of(Snapshot snapshot, MachineSpec machine, DistroSpec distro)
    {
        var diagnostics = new DiagnosticBag();
        Node? tree = null;
        foreach (var layer in Layers(snapshot, machine, distro))
        {
            tree = LayerMerge.Merge(tree, layer, Shapes.System, "system", diagnostics);
        }

        return new((MapNode?)tree, diagnostics.ToImmutable());
    }

    /// <summary>Weakest first.</summary>
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
