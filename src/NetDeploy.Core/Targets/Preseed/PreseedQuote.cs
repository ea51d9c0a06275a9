namespace NetDeploy.Core.Targets.Preseed;

/// <summary>
/// What may stand behind the type on a line of a preseed file. There is no quoting: the value is the rest of the line, blanks at its
/// ends are lost, a backslash at its end joins the next line to it, and nothing else means anything.
/// </summary>
internal static class PreseedQuote
{
    /// <summary>Why the installer would read another value; null where it reads this one.</summary>
    public static string? Objection(string value) => value switch
    {
        "" => null,
        _ when value.Any(char.IsControl) => "it holds a line break or another control character",
        _ when value[^1] == '\\' => "it ends in a backslash, which joins the next line to it",
        // What the installer's shell strips: blanks. Other white space of Unicode is text to it.
        _ when value[0] == ' ' || value[^1] == ' ' => "it begins or ends with a blank, which would be lost",
        _ when value.Any(char.IsSurrogate) && !IsWellFormed(value) => "it holds half a character",
        _ => null,
    };

    private static bool IsWellFormed(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (char.IsSurrogate(text[at]) && !(at + 1 < text.Length && char.IsSurrogatePair(text[at], text[++at])))
            {
                return false;
            }
        }

        return true;
    }
}
