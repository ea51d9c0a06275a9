using System.Globalization;

namespace NetDeploy.Core.Profiles;

/// <summary>Durations as people write them, in documents and in the configuration.</summary>
public static class Durations
{
    /// <summary><c>30s</c>, <c>15m</c>, <c>12h</c>, <c>7d</c>; up to 365 days.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return false;
        }

        var seconds = text[^1] switch { 's' => 1L, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 } * count;
        duration = TimeSpan.FromSeconds(Math.Min(seconds, 365 * 86400));
        return seconds is > 0 and <= 365 * 86400;
    }
}
