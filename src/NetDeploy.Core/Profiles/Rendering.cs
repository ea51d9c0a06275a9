using System.Collections.Frozen;
using System.Collections.Immutable;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles.Documents;
using NetDeploy.Core.Targets;

namespace NetDeploy.Core.Profiles;

/// <summary>What is wrong with the recipes of one machine or of many alike.</summary>
/// <param name="Machines">How many machines have it; 0 for a profile that no machine has.</param>
/// <param name="Examples">The first of them by name, at most <see cref="Rendering.Examples"/>.</param>
public sealed record Finding(Diagnostic Diagnostic, int Machines, ImmutableArray<string> Examples)
{
    /// <summary>The diagnostic with the machines it is about.</summary>
    public Diagnostic Told => Machines == 0 ? Diagnostic : Diagnostic with { Message = $"{Diagnostic.Message} {About}" };

    private string About => Machines > Examples.Length
        ? $"({Machines} machines: {string.Join(", ", Examples)}, ...)"
        : $"({string.Join(", ", Examples)})";
}

/// <summary>
/// Whether each machine of a snapshot has a recipe that its target can express. Machines that are equal but for their identity (name,
/// hardware, address) share a shape, and a shape is rendered once.
/// </summary>
public sealed class Rendering
{
    /// <summary>Machines that a finding names.</summary>
    public const int Examples = 3;

    private Rendering(int machines, int shapes, FrozenDictionary<string, Diagnostic> failed, ImmutableArray<Finding> findings)
    {
        Machines = machines;
        Shapes = shapes;
        Failed = failed;
        Findings = findings;
    }

    public int Machines { get; }

    /// <summary>How many kinds of machine there were to render.</summary>
    public int Shapes { get; }

    /// <summary>The machines that do not render, by name, with the first reason of each.</summary>
    public FrozenDictionary<string, Diagnostic> Failed { get; }

    /// <summary>Errors and warnings, sorted by place; bounded, and the last one says how many there were besides.</summary>
    public ImmutableArray<Finding> Findings { get; }

    /// <param name="alsoCheck">What the core cannot know, such as which secrets are stored; errors count as the target's own.</param>
    /// <param name="only">The machines that are asked about, with nothing said of profiles that none has; null: all.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static Rendering Of(
        Snapshot snapshot, Func<Recipe, ImmutableArray<Diagnostic>> alsoCheck, IReadOnlySet<string>? only = null, CancellationToken cancellationToken = default)
    {
        ImmutableArray<MachineSpec> machines = [.. snapshot.Machines.Values.Where(m => only?.Contains(m.Name) != false)];
        var shapes = new Dictionary<Shape, ImmutableArray<Diagnostic>>();
        var failed = new Dictionary<string, Diagnostic>(StringComparer.Ordinal);
        var found = new FindingList();
        foreach (var machine in machines)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var shape = Shape.Of(snapshot, machine);
            if (!shapes.TryGetValue(shape, out var diagnostics))
            {
                diagnostics = Check(snapshot, machine, alsoCheck);
                shapes[shape] = diagnostics;
            }
            else if (diagnostics.Length > 0 && !found.IsFull && !IsElsewhere(snapshot, machine, diagnostics))
            {
                // Its like was shown at the like's own document.
                diagnostics = Check(snapshot, machine, alsoCheck);
            }

            if (diagnostics.FirstOrDefault(d => d.Severity == Severity.Error) is { } reason)
            {
                failed[machine.Name] = reason;
            }

            foreach (var diagnostic in diagnostics)
            {
                found.Add(diagnostic, machine.Name);
            }
        }

        foreach (var unused in only is null ? ProfileCheck.Run(snapshot) : [])
        {
            found.Add(unused, null);
        }

        return new(machines.Length, shapes.Count, failed.ToFrozenDictionary(StringComparer.Ordinal), found.ToImmutable());
    }

    /// <summary>Everything that keeps this machine from being rendered, and what is doubtful.</summary>
    public static ImmutableArray<Diagnostic> Check(Snapshot snapshot, MachineSpec machine, Func<Recipe, ImmutableArray<Diagnostic>> alsoCheck)
    {
        var resolved = snapshot.Resolve(machine);
        return resolved.Value is { } recipe
            ? [.. resolved.Diagnostics, .. TargetCatalog.Check(recipe), .. alsoCheck(recipe)]
            : resolved.Diagnostics;
    }

    /// <summary>Whether these lie in files that hold no machine of this shape.</summary>
    private static bool IsElsewhere(Snapshot snapshot, MachineSpec machine, ImmutableArray<Diagnostic> diagnostics) =>
        diagnostics.All(d => d.File != machine.Origin?.Document.File && snapshot.Files.TryGetValue(d.File, out var file) && file.Documents.All(e => e.Kind != "Machine"));

    /// <summary>What decides a machine's recipe, but for its identity. Its own layer counts with all it says: hardware named there is no identity.</summary>
    /// <param name="Address">The network of its reserved address, which tells prefix, router and name servers; the address itself where its layers name others.</param>
    private readonly record struct Shape(string Chain, MachineKind Kind, InstallMethod Method, string Own, string Address)
    {
        public static Shape Of(Snapshot snapshot, MachineSpec machine)
        {
            var own = machine.System is { } layer ? NodeText.Of(layer) : "";
            var address = machine.Address is not { } reserved ? ""
                : own.Length > 0 || (machine.Distro is { } name && snapshot.Distros.TryGetValue(name, out var distro) && snapshot.ChainOf(machine, distro).NamesAddresses) ? reserved.ToString()
                : snapshot.Networks.Values.FirstOrDefault(n => n.Subnet.Contains(reserved))?.Name ?? "";
            return new(LayerChain.KeyOf(machine), machine.Kind, machine.Method, own, address);
        }
    }
}
