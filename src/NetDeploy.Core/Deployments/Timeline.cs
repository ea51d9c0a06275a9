using System.Globalization;

namespace NetDeploy.Core.Deployments;

/// <summary>Whether a line is to be read at all.</summary>
public enum TimelineSeverity
{
    Info,
    Warning,

    /// <summary>Someone did what an honest machine does not, or a deployment needs a person.</summary>
    Alarm,
}

/// <summary>A line of a timeline before the store gave it its place.</summary>
/// <param name="Kind">One word for programs: a state's word, or <c>dhcp</c>, <c>tftp</c>, <c>progress</c>, <c>refused</c> ...</param>
/// <param name="Text">One line for people, at most <see cref="MaxText"/> characters.</param>
public sealed record TimelineNote(string Kind, TimelineSeverity Severity, string Text)
{
    public const int MaxText = 1000;

    /// <summary>Cuts the text and replaces what steers a terminal: texts hold what machines reported.</summary>
    public static TimelineNote Of(string kind, TimelineSeverity severity, string text) => new(kind, severity, Clean(text, MaxText));

    /// <summary>One printable line of at most <paramref name="limit"/> characters.</summary>
    public static string Clean(string text, int limit)
    {
        var cut = text.Length > limit ? string.Concat(text.AsSpan(0, limit - 1), "…") : text;
        return cut.Any(Steers) ? string.Concat(cut.Select(c => Steers(c) ? ' ' : c)) : cut;
    }

    /// <summary>It moves a terminal's cursor, or makes a line read otherwise than it was written, as the overrides of right-to-left texts do.</summary>
    public static bool Steers(char c) =>
        char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}

/// <summary>A line of a machine's timeline.</summary>
/// <param name="Sequence">The server's order, across all machines; the clock is for people.</param>
public sealed record TimelineEntry(
    long Sequence,
    DateTimeOffset At,
    string MachineId,
    string? DeploymentId,
    string Kind,
    TimelineSeverity Severity,
    string Text);
