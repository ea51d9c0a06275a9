using System.Collections.Immutable;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles;

/// <summary>All YAML documents of a NetDeploy server or folder, read together.</summary>
public static class DocumentSet
{
    /// <summary>So many files are read one after the other: threads cost more than they save.</summary>
    private const int FewFiles = 64;

    /// <summary>
    /// Reads, checks and resolves everything: also each machine's recipe, and that its target can express it. Any error
    /// refuses the whole set. Whatever the texts hold, nothing is thrown.
    /// </summary>
    public static Result<Snapshot> Parse(IEnumerable<SourceText> sources)
    {
        var diagnostics = new DiagnosticBag();
        var snapshot = Compile(sources, null, diagnostics, CancellationToken.None);
        if (!diagnostics.HasErrors)
        {
            foreach (var finding in Rendering.Of(snapshot, _ => []).Findings)
            {
                diagnostics.Add(finding.Diagnostic);
            }
        }

        return new(diagnostics.HasErrors ? null : snapshot, diagnostics.ToImmutable());
    }

    /// <summary>
    /// Reads and checks the documents, and what they say of each other: names, addresses, hardware. An error refuses the whole set; the
    /// caller keeps its last good snapshot. What they make of each machine is another matter (<see cref="Rendering"/>): a machine whose
    /// recipe is wrong keeps no other from its own.
    /// </summary>
    /// <param name="before">A snapshot whose files are read again only where they changed; the answer is the same without it.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static Result<Snapshot> Compile(IEnumerable<SourceText> sources, Snapshot? before = null, CancellationToken stop = default)
    {
        var diagnostics = new DiagnosticBag();
        var snapshot = Compile(sources, before, diagnostics, stop);
        return new(diagnostics.HasErrors ? null : snapshot, diagnostics.ToImmutable());
    }

    /// <summary>How many documents these texts hold, as far as they can be read.</summary>
    public static int Count(IEnumerable<SourceText> sources) => sources.Sum(s => DocumentLoader.Read(s, new DiagnosticBag()).Length);

    /// <summary>Every document of these texts and where it starts; null where a text cannot be read, so that nobody takes it for an empty one.</summary>
    public static ImmutableArray<DocumentPlace>? Places(IEnumerable<SourceText> sources)
    {
        var diagnostics = new DiagnosticBag();
        var files = Load([.. sources], null, CancellationToken.None);
        var documents = Distinct(files, diagnostics);
        return diagnostics.HasErrors ? null : [.. documents.Select(d => d.Place)];
    }

    private static Snapshot Compile(IEnumerable<SourceText> sources, Snapshot? before, DiagnosticBag diagnostics, CancellationToken stop)
    {
        var files = Load([.. sources], before, stop);
        stop.ThrowIfCancellationRequested();
        var documents = Distinct(files, diagnostics);
        var snapshot = new Snapshot
        {
            Machines = Specs<MachineSpec>("Machine"),
            Networks = Specs<NetworkSpec>("Network"),
            NetworkOrigins = documents.Where(d => d.Kind == "Network").ToImmutableSortedDictionary(d => d.Name, d => d.At, StringComparer.Ordinal),
            Distros = Specs<DistroSpec>("Distro"),
            Profiles = Specs<ProfileSpec>("Profile"),
            Platforms = Specs<PlatformSpec>("Platform"),
            Enrolments = Specs<EnrolmentSpec>("Enrolment"),
            Files = ByPath(files),
        };
        ReferenceCheck.Run(snapshot, documents, diagnostics);
        return diagnostics.HasErrors ? snapshot : EnrolmentCheck.Run(snapshot, diagnostics);

        ImmutableSortedDictionary<string, T> Specs<T>(string kind) =>
            documents.Where(d => d.Kind == kind).ToImmutableSortedDictionary(d => d.Name, d => (T)d.Spec, StringComparer.Ordinal);
    }

    private static LoadedFile[] Load(SourceText[] sources, Snapshot? before, CancellationToken stop)
    {
        var files = new LoadedFile[sources.Length];
        var changed = new List<int>();
        for (var i = 0; i < sources.Length; i++)
        {
            if (before is not null && before.Files.TryGetValue(sources[i].Path, out var known) && known.Source == sources[i])
            {
                files[i] = known;
            }
            else
            {
                changed.Add(i);
            }
        }

        // A file is a matter of its own: so thousands of them are read by all processors.
        if (changed.Count > FewFiles)
        {
            Parallel.ForEach(changed, new ParallelOptions { CancellationToken = stop }, i => files[i] = DocumentLoader.Load(sources[i]));
        }
        else
        {
            changed.ForEach(i => files[i] = DocumentLoader.Load(sources[i]));
        }

        return files;
    }

    /// <summary>The documents in the order of their files, each name once.</summary>
    private static List<DocumentEntry> Distinct(LoadedFile[] files, DiagnosticBag diagnostics)
    {
        var documents = new List<DocumentEntry>(files.Length);
        var seen = new Dictionary<(string Kind, string Name), Origin>(files.Length);
        var whole = new WholeDocuments();
        foreach (var file in files)
        {
            if (file.Findings is { } findings)
            {
                diagnostics.Include(findings);
            }

            foreach (var document in file.Documents)
            {
                if (seen.TryAdd((document.Kind, document.Name), document.At))
                {
                    documents.Add(document);
                    continue;
                }

                var first = seen[(document.Kind, document.Name)];
                diagnostics.Error(whole.Of(document).Body.OriginOf("name"), "name", $"there is another {document.Kind} named '{document.Name}': {first.Document.File}:{first.Line}.", "Rename or remove one of them. Where it moved to another file, apply the whole folder with --prune.");
            }
        }

        return documents;
    }

    private static Dictionary<string, LoadedFile> ByPath(LoadedFile[] files)
    {
        var byPath = new Dictionary<string, LoadedFile>(files.Length, StringComparer.Ordinal);
        foreach (var file in files)
        {
            byPath[file.Source.Path] = file;
        }

        return byPath;
    }
}
