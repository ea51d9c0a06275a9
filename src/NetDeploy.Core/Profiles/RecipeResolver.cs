using System.Collections.Immutable;
using System.Net;
using NetDeploy.Core.Profiles.Binding;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles;

/// <summary>Lays a machine's own layer over those that it shares, and reads the result as a recipe.</summary>
internal static class RecipeResolver
{
    public static Result<Recipe> Resolve(Snapshot snapshot, MachineSpec machine)
    {
        var diagnostics = new DiagnosticBag();
        var at = At(machine);
        if (machine.Distro is not { } distroName || !snapshot.Distros.TryGetValue(distroName, out var distro))
        {
            diagnostics.Error(at, "distro", machine.Distro is null ? "the machine names no distro." : $"there is no distro '{machine.Distro}'.", Spelling.Remedy(machine.Distro ?? "", snapshot.Distros.Keys));
            return new(null, diagnostics.ToImmutable());
        }

        foreach (var missing in machine.Profiles.Where(p => !snapshot.Profiles.ContainsKey(p)))
        {
            diagnostics.Error(at, "profiles", $"there is no profile '{missing}'.", Spelling.Remedy(missing, snapshot.Profiles.Keys));
        }

        var tree = Tree(snapshot, machine, distro, diagnostics);
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
            Tree = tree,
            Image = ImagePart.Of(distro, system),
            Origin = machine.Origin,
        };
        return new(recipe, diagnostics.ToImmutable());
    }

    /// <summary>The addresses that the machine's system has without asking DHCP, read without the rest of the recipe; null where its distro is not there.</summary>
    public static ImmutableArray<IPAddress>? StaticAddresses(Snapshot snapshot, MachineSpec machine) =>
        machine.Distro is { } name && snapshot.Distros.TryGetValue(name, out var distro)
            ? InterfaceBinder.AddressesOf(new MapCursor(Tree(snapshot, machine, distro, new DiagnosticBag()), "system", At(machine)), machine)
            : null;

    private static Origin At(MachineSpec machine) => machine.Origin ?? new Origin(new SourceDocument(""), 0, 0);

    private static MapNode Tree(Snapshot snapshot, MachineSpec machine, DistroSpec distro, DiagnosticBag diagnostics)
    {
        var chain = snapshot.ChainOf(machine, distro);
        diagnostics.AddRange(chain.Findings);
        return machine.System is { } own
            ? (MapNode)LayerMerge.Merge(chain.Tree, own, Shapes.System, "system", diagnostics)
            : chain.Tree ?? new MapNode(At(machine), []);
    }
}
