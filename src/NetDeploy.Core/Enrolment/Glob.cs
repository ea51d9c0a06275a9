namespace NetDeploy.Core.Enrolment;

/// <summary>A shell glob of <c>*</c> and <c>?</c> over a whole text; case does not count, since vendors change theirs.</summary>
public static class Glob
{
    /// <summary>Linear in practice, and never worse than the product of both lengths: patterns meet texts that strangers wrote.</summary>
    public static bool Fits(string pattern, string text)
    {
        int p = 0, t = 0, star = -1, resume = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, resume) = (p++, t);
            }
            else if (p < pattern.Length && (pattern[p] == '?' || char.ToLowerInvariant(pattern[p]) == char.ToLowerInvariant(text[t])))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                // The last star takes one character more.
                (p, t) = (star + 1, ++resume);
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }
}
