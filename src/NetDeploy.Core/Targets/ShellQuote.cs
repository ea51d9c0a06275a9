using System.Diagnostics.CodeAnalysis;

namespace NetDeploy.Core.Targets;

/// <summary>The one quoting function for POSIX shells (XCU 2.2.2): single quotes, in which every character means itself.</summary>
public static class ShellQuote
{
    /// <summary>
    /// One word that the shell reads back as <paramref name="text"/>. False for a NUL, which no argument can hold. Line
    /// breaks stay as they are: the word then goes over several lines.
    /// </summary>
    public static bool TryQuote(string text, [NotNullWhen(true)] out string? quoted)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            quoted = null;
            return false;
        }

        // A single quote cannot stand within single quotes: the word ends, \' follows, and the word goes on.
        quoted = "'" + text.Replace("'", @"'\''", StringComparison.Ordinal) + "'";
        return true;
    }
}
