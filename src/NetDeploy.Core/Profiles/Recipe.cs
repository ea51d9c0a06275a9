using System.Collections.Immutable;
using NetDeploy.Core.Images;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles.Binding;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles;

/// <summary>Resolved profile, distro and machine: complete, nothing left to look up but secrets.</summary>
public sealed record Recipe
{
    private string? _hash;

    /// <summary>The machine's name.</summary>
    public required string Machine { get; init; }

    public required MachineKind Kind { get; init; }

    public required InstallMethod Method { get; init; }

    public required DistroSpec Distro { get; init; }

    public required SystemSpec System { get; init; }

    /// <summary>Of every leaf, sorted by path. Written down when somebody asks: thousands of recipes are checked for one that is shown.</summary>
    public ImmutableArray<Provenance> Provenance
    {
        get => field.IsDefault ? field = ProvenanceIndex.Of(Tree) : field;
    }

    /// <summary>SHA-256 of the canonical serialisation, as 64 lower-case hex digits. Comments, file names and which layer won do not enter it.</summary>
    public string Hash => _hash ??= RecipeHash.Of(this);

    /// <summary>The part that is equal for all machines of this kind of recipe.</summary>
    public required ImageSpec Image { get; init; }

    /// <summary>The resolved layers, of which machines share what they do not change.</summary>
    internal MapNode Tree { get; init; } = new(new Origin(new SourceDocument(""), 0, 0), []);

    /// <summary>Where the machine's document starts.</summary>
    internal Origin? Origin { get; init; }

    /// <summary>The place to show for a path of the resolved tree: its own leaf, else the first leaf below it, else that of the nearest ancestor, else the machine's document.</summary>
    public (string File, int Line, int Column) Place(string path)
    {
        for (var at = path; at.Length > 0; at = at[..Math.Max(at.LastIndexOfAny(['.', '[']), 0)])
        {
            foreach (var leaf in Provenance)
            {
                if (leaf.Path.StartsWith(at, StringComparison.Ordinal) && (leaf.Path.Length == at.Length || leaf.Path[at.Length] is '.' or '['))
                {
                    return (leaf.File, leaf.Line, leaf.Column);
                }
            }
        }

        return Origin is { } origin ? (origin.Document.File, origin.Line, origin.Column) : ("", 0, 0);
    }

    /// <summary>A finding about a path of the resolved tree, at the place that it was written at.</summary>
    /// <param name="place">Where to point to, if not to the path itself; "" is the machine's document.</param>
    internal Diagnostic At(string path, Severity severity, string message, string remedy, string? place = null)
    {
        var (file, line, column) = Place(place ?? path);
        return new(severity, file, line, column, path, message, remedy);
    }
}
