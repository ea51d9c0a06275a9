using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>One file, read and checked by itself: what it holds whatever stands beside it. So an edit reads the edited files alone.</summary>
/// <param name="Findings">What is wrong with it; null where nothing is, since files are many.</param>
internal sealed record LoadedFile(SourceText Source, ImmutableArray<DocumentEntry> Documents, DiagnosticBag? Findings);

/// <summary>One document of a file as it is kept. Machines are many: of them only the record stays, and <see cref="WholeDocuments"/> reads the places of their keys again where one is wrong.</summary>
/// <param name="Spec">The record of its kind.</param>
/// <param name="Whole">Null for a machine.</param>
internal sealed record DocumentEntry(string Kind, string Name, Origin At, object Spec, SourceText Source, LoadedDocument? Whole)
{
    public DocumentPlace Place => new(Kind, Name, At.Document.File, At.Line, At.Column);
}

/// <summary>Gives documents back with all their places. It remembers the last file: what is wrong with one machine of a file is often wrong with all.</summary>
internal sealed class WholeDocuments
{
    private SourceText? _source;
    private ImmutableArray<LoadedDocument> _documents = [];

    public LoadedDocument Of(DocumentEntry entry)
    {
        if (entry.Whole is { } whole)
        {
            return whole;
        }

        if (!ReferenceEquals(_source, entry.Source))
        {
            // Read once already: what it says of the file is in the file's own findings.
            _documents = DocumentLoader.Read(entry.Source, new DiagnosticBag());
            _source = entry.Source;
        }

        return _documents.First(d => d.Body.At.Line == entry.At.Line && d.Body.At.Column == entry.At.Column);
    }
}
