using System.Collections.Immutable;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Profiles.Documents;
using NetDeploy.Core.Targets;

namespace NetDeploy.Core.Profiles;

/// <summary>All YAML documents of a NetDeploy server or folder, read together.</summary>
public static class DocumentSet
{
    /// <summary>
    /// Reads, checks and resolves everything: also each machine's recipe, and that its target can express it. Any error
    /// refuses the whole set; the caller keeps its last good snapshot. Whatever the texts hold, nothing is thrown.
    /// </summary>
    public static Result<Snapshot> Parse(IEnumerable<SourceText> sources)
    {
        var diagnostics = new DiagnosticBag();
        var documents = DocumentLoader.Load(sources, diagnostics);
        var drafts = new Dictionary<string, ImmutableArray<LoadedDocument>>(StringComparer.Ordinal);
        foreach (var group in documents.GroupBy(d => d.Kind, StringComparer.Ordinal))
        {
            drafts[group.Key] = [.. group];
        }

        var networks = Read("Network", d => NetworkDocument.Read(d, diagnostics));
        var snapshot = new Snapshot
        {
            Machines = Read("Machine", MachineDocument.Read),
            Networks = networks,
            NetworkOrigins = Read("Network", d => d.Body.At),
            Distros = Read("Distro", SmallDocuments.ReadDistro),
            Profiles = Read("Profile", SmallDocuments.ReadProfile),
            Platforms = Read("Platform", SmallDocuments.ReadPlatform),
            Enrolments = Read("Enrolment", EnrolmentDocument.Read),
            Reservations = [],
            Recipes = ImmutableSortedDictionary<string, Recipe>.Empty,
        };
        ReferenceCheck.Run(snapshot, documents, diagnostics);
        if (!diagnostics.HasErrors)
        {
            snapshot = Resolve(snapshot, diagnostics);
            ProfileCheck.Run(snapshot, diagnostics);
            snapshot = EnrolmentCheck.Run(snapshot, diagnostics);
        }

        return new(diagnostics.HasErrors ? null : snapshot, diagnostics.ToImmutable());

        ImmutableSortedDictionary<string, T> Read<T>(string kind, Func<LoadedDocument, T> read) =>
            drafts.GetValueOrDefault(kind, []).ToImmutableSortedDictionary(d => d.Name, read, StringComparer.Ordinal);
    }

    /// <summary>How many documents these texts hold, as far as they can be read.</summary>
    public static int Count(IEnumerable<SourceText> sources) => DocumentLoader.Load(sources, new DiagnosticBag()).Length;

    /// <summary>Every document of these texts and where it starts; null where a text cannot be read, so that nobody takes it for an empty one.</summary>
    public static ImmutableArray<DocumentPlace>? Places(IEnumerable<SourceText> sources)
    {
        var diagnostics = new DiagnosticBag();
        var documents = DocumentLoader.Load(sources, diagnostics);
        return diagnostics.HasErrors
            ? null
            : [.. documents.Select(d => new DocumentPlace(d.Kind, d.Name, d.Body.At.Document.File, d.Body.At.Line, d.Body.At.Column))];
    }

    private static Snapshot Resolve(Snapshot snapshot, DiagnosticBag diagnostics)
    {
        var recipes = ImmutableSortedDictionary.CreateBuilder<string, Recipe>(StringComparer.Ordinal);
        foreach (var machine in snapshot.Machines.Values)
        {
            var resolved = snapshot.Resolve(machine);
            diagnostics.AddRange(resolved.Diagnostics);
            if (resolved.Value is { } recipe)
            {
                diagnostics.AddRange(TargetCatalog.Check(recipe));
                recipes[machine.Name] = recipe;
            }
        }

        return snapshot.With(recipes.ToImmutable(),
        [
            .. from machine in snapshot.Machines.Values
               where machine.Address is not null && machine.Binding.Macs.Length > 0
               select new Reservation(machine.Binding.Macs[0], machine.Address!, machine.Name),
        ]);
    }
}
