using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles;

/// <summary>An error refuses the whole set of documents; a warning does not.</summary>
public enum Severity
{
    Warning,
    Error,
}

/// <summary>A user's mistake, at the place where the user made it.</summary>
/// <param name="File">As in <see cref="SourceText.Path"/>; empty where no file is to blame.</param>
/// <param name="Line">From 1; 0 where no place is known.</param>
/// <param name="Column">From 1; 0 where no place is known.</param>
/// <param name="Path">Where in the document: <c>system.users[ops].uid</c>; empty for the document itself.</param>
/// <param name="Message">What is wrong: one line.</param>
/// <param name="Remedy">What to do about it: one line.</param>
public sealed record Diagnostic(Severity Severity, string File, int Line, int Column, string Path, string Message, string Remedy)
{
    /// <summary>One line in the form that editors and terminals make clickable.</summary>
    public override string ToString()
    {
        var place = Line > 0 ? $"{File}:{Line}:{Column}: " : File is not "" ? $"{File}: " : "";
        var path = Path.Length > 0 ? $"{Path}: " : "";
        var remedy = Remedy.Length > 0 ? $" {Remedy}" : "";
        return $"{place}{(Severity == Severity.Error ? "error" : "warning")}: {path}{Message}{remedy}";
    }
}

/// <summary>A value, or the reasons why there is none. Warnings may stand beside a value, errors never do.</summary>
public sealed record Result<T>(T? Value, ImmutableArray<Diagnostic> Diagnostics)
    where T : class;
