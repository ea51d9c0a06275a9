using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using NetDeploy.Protocols.Syslog;

namespace NetDeploy.Core.Deployments;

/// <summary>
/// Reads the log of Debian's installer as it comes, and says what is worth a line in the timeline: a phase with its percentage, a
/// question that waits for somebody, a failure. Evidence only. Lines may be missing, doubled or forged: nothing but the text depends on them.
/// </summary>
public sealed partial class InstallerLog(string distro)
{
    /// <summary>Within a phase: a new line for so many percent more.</summary>
    private const int Step = 5;

    /// <summary>
    /// The installer's own menu, and how far the whole is where each item begins, as measured on a slow machine. Lines of these programs
    /// count within it: so many of them are about half of what is left of the phase.
    /// </summary>
    private static readonly ImmutableArray<Phase> Phases =
    [
        new("network-preseed", 3, "answers"),
        new("choose-mirror", 5, "mirror"),
        new("download-installer", 6, "installer's components"),
        new("user-setup-udeb", 12, "accounts"),
        new("clock-setup", 12, "clock"),
        new("disk-detect", 13, "disks"),
        new("partman-base", 14, "partitioning"),
        new("bootstrap-base", 18, "base system", "debootstrap", 350),
        new("apt-setup-udeb", 60, "package sources", "in-target", 30),
        new("pkgsel", 64, "packages", "in-target", 250),
        new("finish-install", 88, "the last steps", "netdeploy", 20),
    ];

    /// <summary>Questions that one alarm names. Anyone on the segment can send more, and the GO that ends them may never come.</summary>
    private const int MostAsked = 5;

    /// <summary>Of a question's name; the installer's own are far shorter.</summary>
    private const int LongestName = 100;

    private readonly List<string> _asked = [];
    private Phase? _phase;
    private int _lines;
    private int _told = -Step;
    private string? _input;
    private string? _failed;
    private string? _lastAlarm;

    /// <summary>Null: nothing new for an operator.</summary>
    public TimelineNote? Read(SyslogMessage message) => message.Tag switch
    {
        "main-menu" => Menu(message.Text),
        "debconf" => Question(message.Text),
        _ => Work(message),
    };

    private TimelineNote? Menu(string text)
    {
        if (Failed().Match(text) is { Success: true } failed)
        {
            // Said twice, with the code and without; and the menu comes back to it.
            var item = failed.Groups[1].Value;
            return item == _failed ? null : Alarm($"the installer's step {_failed = item} failed{(failed.Groups[2].Success ? " with code " + failed.Groups[2].Value : "")}: it waits, and its log says why");
        }

        if (Selected().Match(text) is not { Success: true } selected || Phases.FirstOrDefault(p => p.Item == selected.Groups[1].Value) is not { } phase)
        {
            return null;
        }

        (_phase, _lines) = (phase, 0);
        return Progress(phase.Start, least: 1);
    }

    /// <summary>
    /// With DEBCONF_DEBUG each question passes here: INPUT with its name, whether it will be asked, then GO. Who installs
    /// by itself has an answer to each, so one that is asked waits for somebody.
    /// </summary>
    private TimelineNote? Question(string text)
    {
        if (Input().Match(text) is { Success: true } input)
        {
            _input = input.Groups[1].Value is { Length: > LongestName } name ? name[..LongestName] : input.Groups[1].Value;
        }
        else if (text.StartsWith("<-- 0 question will be asked", StringComparison.Ordinal) && _input is { } asked)
        {
            if (_asked.Count < MostAsked)
            {
                _asked.Add(asked);
            }

            _input = null;
        }
        else if (text.StartsWith("--> GO", StringComparison.Ordinal) && _asked.Count > 0)
        {
            var names = string.Join(", ", _asked);
            _asked.Clear();
            return Alarm($"the installer waits for an answer to {names}: say it at the console, or mend the answers and deploy again");
        }
        else if (text.StartsWith("<--", StringComparison.Ordinal))
        {
            _input = null;
        }

        return null;
    }

    private TimelineNote? Work(SyslogMessage message)
    {
        if (_phase is not { Lines: > 0 } phase || phase.Program != message.Tag)
        {
            return null;
        }

        _lines++;
        var end = Phases.FirstOrDefault(p => p.Start > phase.Start)?.Start ?? 99;
        return Progress(phase.Start + ((end - phase.Start) * _lines / (_lines + phase.Lines)), Step);
    }

    /// <summary>Never backwards: the menu goes back to items that it has been at.</summary>
    /// <param name="least">So much more than was told last is worth a line.</param>
    private TimelineNote? Progress(int percent, int least)
    {
        if (percent < _told + least)
        {
            return null;
        }

        _told = percent;
        return TimelineNote.Of("progress", TimelineSeverity.Info, string.Create(CultureInfo.InvariantCulture, $"installer {percent} %: {distro}, {_phase!.Words}"));
    }

    private TimelineNote? Alarm(string text)
    {
        // The menu comes back to what failed, and asks again.
        if (text == _lastAlarm)
        {
            return null;
        }

        _lastAlarm = text;
        return TimelineNote.Of("installer", TimelineSeverity.Alarm, text);
    }

    /// <param name="Program">Whose lines count.</param>
    /// <param name="Lines">After so many half of the phase is over.</param>
    private sealed record Phase(string Item, int Start, string Words, string Program = "", int Lines = 0);

    [GeneratedRegex(@"Menu item '([^']+)' selected")]
    private static partial Regex Selected();

    [GeneratedRegex(@"(?:Menu item|Configuring) '([^']+)' failed(?: with error code (\d+))?")]
    private static partial Regex Failed();

    [GeneratedRegex(@"^--> INPUT \w+ (\S+)")]
    private static partial Regex Input();
}
