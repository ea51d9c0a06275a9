using System.Collections.Immutable;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles;

/// <summary>Collects findings: each once with the machines that have it. Bounded as diagnostics are.</summary>
internal sealed class FindingList
{
    private readonly Dictionary<Diagnostic, (int Machines, List<string> Examples)> _found = [];
    private int _dropped;
    private bool _droppedError;

    /// <summary>A new finding is only counted from here on.</summary>
    public bool IsFull => _found.Count >= DiagnosticBag.Limit;

    /// <param name="machine">Null: it is about no machine.</param>
    public void Add(Diagnostic diagnostic, string? machine)
    {
        if (!_found.TryGetValue(diagnostic, out var known))
        {
            if (IsFull)
            {
                _dropped++;
                _droppedError |= diagnostic.Severity == Severity.Error;
                return;
            }

            known = (0, []);
        }

        if (machine is not null && known.Examples.Count < Rendering.Examples)
        {
            known.Examples.Add(machine);
        }

        _found[diagnostic] = (known.Machines + (machine is null ? 0 : 1), known.Examples);
    }

    /// <summary>Sorted by file and place.</summary>
    public ImmutableArray<Finding> ToImmutable()
    {
        var sorted = _found.Select(f => new Finding(f.Key, f.Value.Machines, [.. f.Value.Examples]))
            .OrderBy(f => f.Diagnostic.File, StringComparer.Ordinal).ThenBy(f => f.Diagnostic.Line).ThenBy(f => f.Diagnostic.Column).ToList();
        if (_dropped > 0)
        {
            sorted.Add(new(new(_droppedError ? Severity.Error : Severity.Warning, "", 0, 0, "", $"{_dropped} more are not shown.", "Correct the first ones."), 0, []));
        }

        return [.. sorted];
    }
}
