using System.Globalization;
using System.Text;

namespace NetDeploy.Protocols.Syslog;

/// <summary>
/// A datagram of the BSD syslog protocol (RFC 3164, section 4.1), read with tolerance: an installer's busybox leaves the host name out,
/// others the time, and some the priority. Whatever is missing, the rest is the text. Nothing throws on input.
/// </summary>
/// <param name="Severity">0, an emergency, to 7, debugging; null where the message says none.</param>
/// <param name="Tag">The program, without its process id; empty where there is none.</param>
public readonly record struct SyslogMessage(int? Severity, string Tag, string Text)
{
    /// <summary>RFC 3164, section 4.1: 1024 bytes; some senders go over it. What is longer is cut.</summary>
    public const int MaxBytes = 4096;

    private const int MaxTag = 48;

    /// <summary>"Mmm dd hh:mm:ss " (section 4.1.2).</summary>
    private const int TimestampLength = 16;

    public static SyslogMessage Read(ReadOnlySpan<byte> datagram)
    {
        var text = Printable(datagram[..Math.Min(datagram.Length, MaxBytes)]);
        var severity = TakePriority(ref text);
        if (IsTimestamp(text))
        {
            text = text[TimestampLength..];
        }

        var tag = TakeTag(ref text);
        if (tag is null && text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var blank)
        {
            // A host name stands before the tag, or this is no syslog at all and all of it is text.
            var behind = text[(blank + 1)..];
            if (TakeTag(ref behind) is { } found)
            {
                (tag, text) = (found, behind);
            }
        }

        return new(severity, tag ?? "", text.Trim());
    }

    /// <summary>UTF-8 with what is none replaced; control characters become blanks.</summary>
    private static string Printable(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        return text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;
    }

    private static int? TakePriority(ref string text)
    {
        var end = text.IndexOf('>', StringComparison.Ordinal);
        if (end is < 2 or > 4 || text[0] != '<' || !int.TryParse(text.AsSpan(1, end - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var priority) || priority > 191)
        {
            return null;
        }

        text = text[(end + 1)..];
        return priority % 8;
    }

    private static bool IsTimestamp(string text) =>
        text.Length >= TimestampLength && char.IsAsciiLetterUpper(text[0]) && text[3] == ' ' && text[6] == ' ' && text[9] == ':' && text[12] == ':' && text[15] == ' ';

    /// <summary>"program[123]: " or "program: ": no blank before the colon, and no priority that was none.</summary>
    private static string? TakeTag(ref string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon is < 1 or > MaxTag || text.AsSpan(0, colon).ContainsAny(' ', '<'))
        {
            return null;
        }

        var tag = text[..colon];
        text = text[(colon + 1)..].TrimStart();
        return tag.IndexOf('[', StringComparison.Ordinal) is > 0 and var bracket ? tag[..bracket] : tag;
    }
}
