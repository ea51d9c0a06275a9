namespace NetDeploy.Core.Profiles.Documents;

/// <summary>Finds the word that was meant.</summary>
public static class Spelling
{
    /// <summary>"Did you mean 'x'?" where one of the words is near, else the list of them.</summary>
    public static string Remedy(string word, IEnumerable<string> known)
    {
        var sorted = known.Order(StringComparer.Ordinal).ToArray();
        if (sorted.Length == 0)
        {
            return "";
        }

        var best = sorted.MinBy(k => Distance(word, k))!;
        return Distance(word, best) <= Math.Max(1, Math.Min(word.Length, best.Length) / 3)
            ? $"Did you mean '{best}'?"
            : $"Known: {string.Join(", ", sorted.Take(40))}.";
    }

    /// <summary>Edits (insert, delete, replace, swap neighbours) between two words, case aside; long words count as far.</summary>
    private static int Distance(string a, string b)
    {
        if (a.Length > 64 || b.Length > 64)
        {
            return int.MaxValue;
        }

        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    d[i, j] = i + j;
                    continue;
                }

                var same = Same(a[i - 1], b[j - 1]);
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
