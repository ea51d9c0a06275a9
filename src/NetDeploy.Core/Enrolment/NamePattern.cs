using System.Globalization;
using System.Text;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Enrolment;

/// <summary>
/// How the machines of a rule are called, such as <c>blade-{n}</c> or <c>r{relay}-s{circuit}</c>. Whatever a machine or a relay sends, what
/// comes out is a DNS label, or nothing.
/// </summary>
public sealed record NamePattern(string Text)
{
    private const string Number = "n";
    private const int MaxLabel = 63;

    public static readonly IReadOnlyList<string> Placeholders = [Number, "mac", "serial", "relay", "circuit", "remote"];

    /// <summary>It counts: the smallest number whose name is free.</summary>
    public bool Counts => Has(Number);

    public bool NeedsSmbios => Has("serial");

    public bool NeedsSlot => Has("circuit") || Has("remote");

    /// <summary>What is wrong with it, as the end of a sentence; null where it is fine.</summary>
    public static string? Fault(string text)
    {
        var literal = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            if (text[at] != '{')
            {
                literal.Append(text[at++]);
                continue;
            }

            var end = text.IndexOf('}', at);
            if (end < 0 || !Placeholders.Contains(text[(at + 1)..end], StringComparer.Ordinal))
            {
                return $"has no placeholder {(end < 0 ? text[at..] : text[at..(end + 1)])}.";
            }

            at = end + 1;
        }

        return text.Length is 0 or > 100 ? "is no pattern of 1 to 100 characters."
            : literal.ToString().All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') ? null
            : "holds more than lower-case letters, digits, '-' and placeholders.";
    }

    /// <param name="isTaken">Another machine has that name.</param>
    /// <returns>The name; or null and why there is none.</returns>
    public (string? Name, string? Reason) Name(Newcomer machine, Func<string, bool> isTaken, int most)
    {
        for (var number = 1; number <= most; number++)
        {
            var (name, missing) = Render(machine, number);
            if (name is null || !isTaken(name))
            {
                return (name, missing);
            }

            if (!Counts)
            {
                return (null, $"its name would be {name}, which another machine has");
            }
        }

        return (null, string.Create(CultureInfo.InvariantCulture, $"the first {most} names of {Text} are taken"));
    }

    private (string? Name, string? Reason) Render(Newcomer machine, int number)
    {
        var name = Text;
        foreach (var (placeholder, value) in new (string, string?)[]
        {
            (Number, number.ToString(CultureInfo.InvariantCulture)),
            ("mac", machine.Mac.ToString().Replace(":", "", StringComparison.Ordinal)),
            ("serial", machine.Smbios?.Serial),
            ("relay", machine.Relay?.ToString()),
            ("circuit", Newcomer.TextOf(machine.CircuitId) ?? machine.CircuitId),
            ("remote", Newcomer.TextOf(machine.RemoteId) ?? machine.RemoteId),
        })
        {
            if (!Has(placeholder))
            {
                continue;
            }

            var label = Label(value ?? "");
            if (label.Length == 0)
            {
                return (null, $"it told nothing that {{{placeholder}}} of its name could be made of");
            }

            name = name.Replace($"{{{placeholder}}}", label, StringComparison.Ordinal);
        }

        return Formats.DnsLabel(ref name) is null ? (name, null)
            : (null, $"its name would be '{(name.Length > MaxLabel ? name[..MaxLabel] + "..." : name)}', which is no host name of at most {MaxLabel} characters");
    }

    private bool Has(string placeholder) => Text.Contains($"{{{placeholder}}}", StringComparison.Ordinal);

    /// <summary>Letters and digits; a dash for each run of anything else, none at an end.</summary>
    private static string Label(string value)
    {
        var label = new StringBuilder(value.Length);
        foreach (var c in value)
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                label.Append(char.ToLowerInvariant(c));
            }
            else if (label.Length > 0 && label[^1] != '-')
            {
                label.Append('-');
            }
        }

        return label.ToString().TrimEnd('-');
    }
}
