using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>Collects what is wrong, so that everything is reported at once. Bounded: a broken file cannot make a million lines.</summary>
internal sealed class DiagnosticBag
{
    /// <summary>More than this many are dropped, and the last one says so.</summary>
    public const int Limit = 200;

    private readonly List<Diagnostic> _items = [];
    private int _dropped;

    public bool HasErrors { get; private set; }

    public bool IsEmpty => _items.Count == 0;

    public void Error(Origin origin, string path, string message, string remedy) =>
        Add(Severity.Error, origin.Document.File, origin.Line, origin.Column, path, message, remedy);

    public void Warning(Origin origin, string path, string message, string remedy) =>
        Add(Severity.Warning, origin.Document.File, origin.Line, origin.Column, path, message, remedy);

    public void Add(Diagnostic diagnostic)
    {
        HasErrors |= diagnostic.Severity == Severity.Error;
        if (_items.Count >= Limit)
        {
            _dropped++;
        }
        else if (!_items.Contains(diagnostic))
        {
            _items.Add(diagnostic);
        }
    }

    public void AddRange(IEnumerable<Diagnostic> diagnostics)
    {
        foreach (var diagnostic in diagnostics)
        {
            Add(diagnostic);
        }
    }

    /// <summary>All that another one holds, with what it dropped.</summary>
    public void Include(DiagnosticBag other)
    {
        AddRange(other._items);
        _dropped += other._dropped;
    }

    /// <summary>Sorted by file and place.</summary>
    public ImmutableArray<Diagnostic> ToImmutable()
    {
        var sorted = _items.OrderBy(d => d.File, StringComparer.Ordinal).ThenBy(d => d.Line).ThenBy(d => d.Column).ToList();
        if (_dropped > 0)
        {
            sorted.Add(new(HasErrors ? Severity.Error : Severity.Warning, "", 0, 0, "", $"{_dropped} more are not shown.", "Correct the first ones."));
        }

        return [.. sorted];
    }

    private void Add(Severity severity, string file, int line, int column, string path, string message, string remedy) =>
        Add(new Diagnostic(severity, file, line, column, path, message, remedy));
}
