using System.Globalization;
using System.Text.RegularExpressions;

namespace NetDeploy.Core.Targets.Preseed;

/// <summary>Reads a recipe as partman does, and says what partman would swallow. A layout is checked with it before a grant.</summary>
internal static partial class PartmanRecipeCheck
{
    private static readonly HashSet<string> Filesystems =
        ["ext2", "ext3", "ext4", "btrfs", "xfs", "jfs", "fat16", "fat32", "linux-swap", "free"];

    /// <summary>Larger than any disk that is sold, in MB: a size with a suffix ends up far above.</summary>
    private const long Largest = 1_000_000_000;

    /// <summary>The first mistake; null where there is none.</summary>
    public static string? Mistake(string recipe)
    {
        var words = recipe.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not [_, "::", _, ..])
        {
            return "it does not begin with a name and '::'";
        }

        if (words[^1] != ".")
        {
            return "its last part has no '.' of its own, so partman drops it";
        }

        var part = new List<string>();
        var parts = new List<List<string>>();
        foreach (var word in words[2..])
        {
            if (word == ".")
            {
                parts.Add(part);
                part = [];
            }
            else
            {
                part.Add(word);
            }
        }

        return parts.Select(Part).FirstOrDefault(m => m is not null) ?? Whole(parts);
    }

    private static string? Part(List<string> words)
    {
        if (words is not [var minimum, var priority, var maximum, var filesystem, .. var rest])
        {
            return $"the part '{string.Join(' ', words)}' has no three sizes and a file system";
        }

        if (!Size(minimum, out var low) || !Size(priority, out var wish) || !(maximum == "-1" || Size(maximum, out _)))
        {
            return $"the sizes '{minimum} {priority} {maximum}' are no bare numbers of MB";
        }

        if (low < 1 || wish < low || (maximum != "-1" && Size(maximum, out var high) && high < low))
        {
            return $"the sizes '{minimum} {priority} {maximum}' contradict each other";
        }

        if (!Filesystems.Contains(filesystem))
        {
            return $"the file system '{filesystem}' is unknown, and partman would make ext2";
        }

        var text = string.Join(' ', rest);
        var unread = Attribute().Replace(text, "").Trim();
        return unread.Length > 0 ? $"'{unread}' is no attribute"
            : !text.Contains("method{ ", StringComparison.Ordinal) ? $"the part '{string.Join(' ', words)}' has no method"
            : text.Contains("mountpoint{", StringComparison.Ordinal) && !text.Contains("use_filesystem{ }", StringComparison.Ordinal) ? "a part with a mount point does not use its file system"
            : null;
    }

    private static string? Whole(List<List<string>> parts)
    {
        var texts = parts.Select(p => string.Join(' ', p)).ToArray();
        return texts.Count(t => t.Contains("mountpoint{ / }", StringComparison.Ordinal)) != 1 ? "not exactly one part is mounted on /"
            : texts.Where(t => t.Contains("in_vg{ ", StringComparison.Ordinal)).FirstOrDefault(t => !texts.Any(p => p.Contains($"vg_name{{ {Group().Match(t).Groups[1].Value} }}", StringComparison.Ordinal))) is { } orphan
                ? $"no part is a physical volume of '{Group().Match(orphan).Groups[1].Value}'"
            : null;
    }

    private static bool Size(string text, out long size) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size) && size <= Largest;

    [GeneratedRegex(@"\$?[a-z_/.0-9=-]+\{ (?:[^{} ]+ )?\}")]
    private static partial Regex Attribute();

    [GeneratedRegex(@"in_vg\{ (\S+) \}")]
    private static partial Regex Group();
}
