using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles;

/// <summary>Desired state as one validated, immutable value: read as a whole, swapped as a whole.</summary>
public sealed class Snapshot
{
    /// <summary>By <see cref="LayerChain.KeyOf"/>: as many as machines differ in what they name.</summary>
    private readonly ConcurrentDictionary<string, LayerChain> _chains = new(StringComparer.Ordinal);

    internal Snapshot()
    {
    }

    public required ImmutableSortedDictionary<string, MachineSpec> Machines { get; init; }

    public required ImmutableSortedDictionary<string, NetworkSpec> Networks { get; init; }

    public required ImmutableSortedDictionary<string, DistroSpec> Distros { get; init; }

    public required ImmutableSortedDictionary<string, ProfileSpec> Profiles { get; init; }

    public required ImmutableSortedDictionary<string, PlatformSpec> Platforms { get; init; }

    public required ImmutableSortedDictionary<string, EnrolmentSpec> Enrolments { get; init; }

    /// <summary>Every document and where it starts.</summary>
    public IEnumerable<DocumentPlace> Places => Files.Values.SelectMany(f => f.Documents).Select(d => d.Place);

    /// <summary>A snapshot of nothing: what a server has before the first <c>apply</c>.</summary>
    public static Snapshot Empty { get; } = DocumentSet.Parse([]).Value!;

    /// <summary>
    /// Resolves a machine anew, as <c>deploy --distro --method</c> needs it. The machine need not
    /// be one of the snapshot's. Errors are diagnostics; never throws on a user's mistake.
    /// </summary>
    /// <param name="distro">Null: the machine's own.</param>
    /// <param name="method">Null: the machine's own.</param>
    public Result<Recipe> Resolve(MachineSpec machine, string? distro = null, InstallMethod? method = null) =>
        RecipeResolver.Resolve(this, machine with { Distro = distro ?? machine.Distro, Method = method ?? machine.Method });

    /// <summary>The addresses that the machine's system has without asking DHCP; null where its layers give no clear answer.</summary>
    public ImmutableArray<IPAddress>? StaticAddressesOf(MachineSpec machine) => RecipeResolver.StaticAddresses(this, machine);

    /// <summary>How many documents the file at this path holds.</summary>
    public int DocumentsIn(string path) => Files.TryGetValue(path, out var file) ? file.Documents.Length : 0;

    /// <summary>Whether the file at this path plays a part in the machine's recipe: it describes the machine, or something else than machines.</summary>
    public bool IsPartOf(string path, MachineSpec machine) =>
        path == machine.Origin?.Document.File || (Files.TryGetValue(path, out var file) && file.Documents.Any(d => d.Kind != "Machine"));

    /// <summary>The files it was read from, by path: what did not change is not read again for the next one.</summary>
    internal IReadOnlyDictionary<string, LoadedFile> Files { get; init; } = ImmutableDictionary<string, LoadedFile>.Empty;

    /// <summary>Where the document of each network starts.</summary>
    internal ImmutableSortedDictionary<string, Origin> NetworkOrigins { get; init; } = ImmutableSortedDictionary<string, Origin>.Empty;

    /// <summary>What compiling these networks and reservations found, at the document that it is about.</summary>
    public Diagnostic Diagnose(AddressingDiagnostic fault)
    {
        Origin? origin = null;
        if (fault.Network is { } network && NetworkOrigins.TryGetValue(network, out var start))
        {
            origin = start;
        }
        else if (fault.Machine is { } machine)
        {
            origin = Machines.GetValueOrDefault(machine)?.Origin;
        }

        return new Diagnostic(Severity.Error, origin?.Document.File ?? "", origin?.Line ?? 0, origin?.Column ?? 0, fault.Subject, fault.Problem, fault.Remedy);
    }

    /// <summary>The file that describes a machine; null where none does.</summary>
    public string? FileOf(string machine) => Machines.GetValueOrDefault(machine)?.Origin?.Document.File;

    /// <summary>A fault of a machine, at its document where it has one.</summary>
    public Diagnostic AtMachine(string machine, Severity severity, string message, string remedy)
    {
        var origin = Machines.GetValueOrDefault(machine)?.Origin;
        return new Diagnostic(severity, origin?.Document.File ?? "", origin?.Line ?? 0, origin?.Column ?? 0, "", message, remedy);
    }

    /// <summary>The same documents, with what was found out of the enrolment rules.</summary>
    internal Snapshot With(ImmutableSortedDictionary<string, EnrolmentSpec> enrolments) => new()
    {
        Machines = Machines,
        Networks = Networks,
        NetworkOrigins = NetworkOrigins,
        Distros = Distros,
        Profiles = Profiles,
        Platforms = Platforms,
        Enrolments = enrolments,
        Files = Files,
    };

    internal LayerChain ChainOf(MachineSpec machine, DistroSpec distro) =>
        _chains.GetOrAdd(LayerChain.KeyOf(machine), static (_, its) => LayerChain.Of(its.Snapshot, its.Machine, its.Distro), (Snapshot: this, Machine: machine, Distro: distro));
}
