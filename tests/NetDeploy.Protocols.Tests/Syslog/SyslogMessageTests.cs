using System.Text;
using CsCheck;
using NetDeploy.Protocols.Syslog;

namespace NetDeploy.Protocols.Tests.Syslog;

public sealed class SyslogMessageTests
{
    /// <summary>The first is RFC 3164's own example; then busybox's forms, as an installer sent them, and what others leave out.</summary>
    [Theory]
    [InlineData("<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8", 2, "su", "'su root' failed for lonvick on /dev/pts/8")]
    [InlineData("<15>Nov 29 18:41:13 debconf: --> PROGRESS STEP 1\n", 7, "debconf", "--> PROGRESS STEP 1")]
    [InlineData("<14>Nov 29 18:52:38 anna[3991]: 2026-11-29 18:52:38 URL:http://x/y", 6, "anna", "2026-11-29 18:52:38 URL:http://x/y")]
    [InlineData("<13>Nov  9 18:53:47 check-missing-firmware: saving timestamp for a later use: [  395.345922]", 5, "check-missing-firmware", "saving timestamp for a later use: [  395.345922]")]
    [InlineData("Nov 29 18:41:13 main-menu[235]: INFO: Menu item 'pkgsel' selected", null, "main-menu", "INFO: Menu item 'pkgsel' selected")]
    [InlineData("<6>kernel: [    0.000000] Linux version", 6, "kernel", "[    0.000000] Linux version")]
    [InlineData("<191>just a text without a tag", 7, "", "just a text without a tag")]
    [InlineData("<192>a: b", null, "", "<192>a: b")]
    [InlineData("", null, "", "")]
    [InlineData("<", null, "", "<")]
    [InlineData("<13>", 5, "", "")]
    [InlineData("<13>Nov 29 18:41:13 ", 5, "", "")]
    [InlineData("<13>Nov 29 18:41:13 a:", 5, "a", "")]
    [InlineData("<13>x: one\ttwo\u0007three", 5, "x", "one two three")]
    public void Reads_what_is_there(string datagram, int? severity, string tag, string text) =>
        Assert.Equal(new SyslogMessage(severity, tag, text), SyslogMessage.Read(Encoding.UTF8.GetBytes(datagram)));

    [Fact]
    public void What_is_longer_than_any_line_is_cut() =>
        Assert.Equal(SyslogMessage.MaxBytes - "<13>t: ".Length, SyslogMessage.Read(Encoding.ASCII.GetBytes("<13>t: " + new string('x', 60_000))).Text.Length);

    [Fact]
    public void No_input_throws_and_no_control_character_gets_through() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        var message = SyslogMessage.Read(bytes);
        return !message.Text.Any(char.IsControl) && !message.Tag.Any(char.IsControl) && message.Severity is null or (>= 0 and <= 7);
    });
}
