using System.Reflection;
using System.Text;
using CsCheck;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Tests.Profiles;
using NetDeploy.Protocols.Syslog;

namespace NetDeploy.Core.Tests.Deployments;

public sealed class InstallerLogTests
{
    [Fact]
    public void A_recorded_installation_that_came_to_a_question_says_how_far_it_is_and_what_it_asks()
    {
        var notes = Notes(File.ReadLines(Path.Combine(ShippedFiles.Root, "tests", "NetDeploy.Core.Tests", "Deployments", "Recorded", "installer-asks.log")));

        Assert.Equal(
            [
                "installer 3 %: debian-13, answers",
                "installer 5 %: debian-13, mirror",
                "installer 6 %: debian-13, installer's components",
                "installer 12 %: debian-13, accounts",
                "installer 13 %: debian-13, disks",
                "installer 14 %: debian-13, partitioning",
                "the installer waits for an answer to partman-basicmethods/method_only: say it at the console, or mend the answers and deploy again",
            ],
            notes.Select(n => n.Text));
        Assert.Equal(TimelineSeverity.Alarm, Assert.Single(notes, n => n.Severity != TimelineSeverity.Info).Severity);
    }

    [Fact]
    public void The_percentage_grows_with_the_packages_and_never_goes_back()
    {
        string[] lines =
        [
            "main-menu[1]: INFO: Menu item 'bootstrap-base' selected",
            .. Enumerable.Range(0, 2000).Select(n => $"debootstrap: Unpacking package{n} (1.0-1) ..."),
            "main-menu[1]: INFO: Menu item 'partman-base' selected",
            "main-menu[1]: INFO: Menu item 'pkgsel' selected",
            .. Enumerable.Range(0, 2000).Select(n => $"in-target: Setting up package{n} (1.0-1) ..."),
            "main-menu[1]: INFO: Menu item 'finish-install' selected",
        ];

        var percents = Notes(lines).Select(n => int.Parse(n.Text.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)).ToArray();

        Assert.Equal(percents.Order(), percents);
        Assert.Equal(18, percents[0]);
        Assert.Equal(88, percents[^1]);
        Assert.InRange(percents.Length, 8, 20);
    }

    [Theory]
    [InlineData("main-menu[1]: WARNING **: Configuring 'bootstrap-base' failed with error code 1", "the installer's step bootstrap-base failed with code 1")]
    [InlineData("main-menu[1]: WARNING **: Menu item 'grub-installer' failed.", "the installer's step grub-installer failed:")]
    public void A_failed_step_is_an_alarm_and_told_once(string line, string text)
    {
        var note = Assert.Single(Notes([line, line]));

        Assert.StartsWith(text, note.Text, StringComparison.Ordinal);
        Assert.Equal(TimelineSeverity.Alarm, note.Severity);
    }

    [Fact]
    public void A_question_that_is_skipped_is_none()
    {
        string[] skipped = ["debconf: --> INPUT critical partman/confirm", "debconf: <-- 30 question skipped", "debconf: --> GO"];

        Assert.Empty(Notes(skipped));
    }

    [Fact]
    public void Questions_whose_end_never_comes_are_not_gathered()
    {
        var log = new InstallerLog("debian-13");
        for (var i = 0; i < 20_000; i++)
        {
            Assert.Null(log.Read(new(7, "debconf", $"--> INPUT critical {i}{new string('q', 1000)}")));
            Assert.Null(log.Read(new(7, "debconf", "<-- 0 question will be asked")));
        }

        // What it holds are these five, each cut.
        var asked = (List<string>)typeof(InstallerLog).GetField("_asked", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(log)!;
        Assert.Equal(5, asked.Count);
        Assert.All(asked, name => Assert.Equal(100, name.Length));
        Assert.NotNull(log.Read(new(7, "debconf", "--> GO")));
    }

    [Fact]
    public void A_program_that_says_the_words_of_another_moves_nothing() =>
        Assert.Empty(Notes(["kernel: Menu item 'finish-install' selected", "sshd[9]: --> INPUT critical partman/confirm", "sshd[9]: <-- 0 question will be asked", "sshd[9]: --> GO"]));

    [Fact]
    public void No_line_throws_or_gives_more_than_a_line() => Gen.String.Array[0, 40].Sample(texts =>
    {
        var log = new InstallerLog("debian-13");
        return texts.SelectMany(t => (string[])["main-menu: Menu item '" + t, "debconf: --> INPUT critical " + t, "debconf: <-- 0 question will be asked", "debconf: --> GO", t])
            .Select(t => log.Read(SyslogMessage.Read(Encoding.UTF8.GetBytes(t)))).OfType<TimelineNote>()
            .All(n => n.Text.Length <= TimelineNote.MaxText && !n.Text.Any(char.IsControl));
    });

    private static List<TimelineNote> Notes(IEnumerable<string> lines)
    {
        var log = new InstallerLog("debian-13");
        return [.. lines.Select(l => log.Read(SyslogMessage.Read(Encoding.UTF8.GetBytes(l)))).OfType<TimelineNote>()];
    }
}
