using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace NetDeploy.Core.Mirrors;

/// <summary>
/// A path below a mirror, in one spelling. What a client wrote is decoded once and must then be of the few characters that archives
/// use: a second encoding, a slash in disguise, a dot segment and a query are all refused, not cleaned.
/// </summary>
public sealed record MirrorPath
{
    public const int MaximumLength = 1024;
    public const int MaximumDepth = 24;

    private MirrorPath(ImmutableArray<string> segments)
    {
        Segments = segments;
        Text = string.Join('/', segments);
    }

    public ImmutableArray<string> Segments { get; }

    /// <summary>Without a slash at either end.</summary>
    public string Text { get; }

    public string Name => Segments[^1];

    /// <summary>For an address: every character that may mean something else there is escaped.</summary>
    public string Escaped => string.Join('/', Segments.Select(Uri.EscapeDataString));

    /// <param name="raw">As it came, what follows <c>/mirror/NAME/</c>.</param>
    public static bool TryParse(string raw, [NotNullWhen(true)] out MirrorPath? path, [NotNullWhen(false)] out string? reason)
    {
        path = null;
        if (raw.Length > MaximumLength)
        {
            reason = $"a path of more than {MaximumLength} characters";
            return false;
        }

        if (raw.IndexOfAny(['?', '#']) >= 0)
        {
            reason = "a query: mirrors hold files";
            return false;
        }

        if (raw.Length == 0 || raw[^1] == '/')
        {
            reason = "a folder: mirrors list none, they serve files. Write the whole path of one, such as dists/SUITE/InRelease";
            return false;
        }

        var segments = ImmutableArray.CreateBuilder<string>();
        foreach (var part in raw.Split('/'))
        {
            if (Decode(part) is not { Length: > 0 } segment || segment.TrimStart('.').Length == 0)
            {
                reason = $"'{Shown(part)}' is no part of a mirror's path";
                return false;
            }

            segments.Add(segment);
        }

        if (segments.Count > MaximumDepth)
        {
            reason = $"a path of more than {MaximumDepth} parts";
            return false;
        }

        path = new MirrorPath(segments.ToImmutable());
        reason = null;
        return true;
    }

    /// <summary>A path of our own making.</summary>
    public static MirrorPath Of(string text) => TryParse(text, out var path, out var reason) ? path : throw new ArgumentException(reason, nameof(text));

    public bool Equals(MirrorPath? other) => Text == other?.Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;

    /// <summary>Null where a character is none of an archive's, or its escape is malformed.</summary>
    private static string? Decode(string part)
    {
        var decoded = new System.Text.StringBuilder(part.Length);
        for (var at = 0; at < part.Length; at++)
        {
            var c = part[at];
            if (c == '%')
            {
                if (!byte.TryParse(part.AsSpan(at + 1, Math.Min(2, part.Length - at - 1)), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || at + 2 >= part.Length)
                {
                    return null;
                }

                c = (char)code;
                at += 2;
            }

            if (!char.IsAsciiLetterOrDigit(c) && !"._+~:@=,-".Contains(c, StringComparison.Ordinal))
            {
                return null;
            }

            decoded.Append(c);
        }

        return decoded.ToString();
    }

    /// <summary>For a message: what came is a stranger's text.</summary>
    private static string Shown(string part) => new([.. part.Take(40).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '%' ? c : '?')]);
}
