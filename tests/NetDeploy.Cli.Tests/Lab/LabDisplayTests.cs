using NetDeploy.Cli.Lab;
using Spectre.Console;

namespace NetDeploy.Cli.Tests.Lab;

public sealed class LabDisplayTests
{
    [Fact]
    public async Task A_terminal_shows_each_blade_and_keeps_what_is_said_at_the_end()
    {
        var written = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, Out = new AnsiConsoleOutput(written) });
        console.Profile.Width = 120;
        await using (var display = new LabDisplay(console))
        {
            display.Show("blade-1", new LabStation(LabPhase.Unpacking, 57));
            display.Show("blade-2", new LabStation(LabPhase.Dhcp));
            await Task.Delay(600, TestContext.Current.CancellationToken);
            display.End(new LabMachineResult("blade-1", "bios", "debian-12", "image", "installed", 81.5, true));
            display.End(new LabMachineResult("blade-2", "bios", "debian-12", "image", "failed", null, false, Reason: "no disk [fits]"));
            display.Say("next: netdeploy lab down");
        }

        var text = written.ToString();
        Assert.Contains("unpacking 57 %", text, StringComparison.Ordinal);
        Assert.Contains("installed, reached by SSH", text, StringComparison.Ordinal);
        Assert.Contains("no disk [fits]", text, StringComparison.Ordinal);
        Assert.EndsWith("next: netdeploy lab down", text.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_terminal_each_change_is_a_line_and_percent_comes_in_quarters()
    {
        var written = new StringWriter();
        var display = new PlainDisplay(written);
        foreach (var percent in new[] { 0, 3, 24, 26, 49, 100 })
        {
            display.Show("blade-1", new LabStation(LabPhase.Unpacking, percent));
        }

        display.End(new LabMachineResult("blade-1", "bios", "debian-12", "image", "installed", 81.5, true, Rebuilt: true));

        var lines = written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l[9..]);
        Assert.Equal(["blade-1: unpacking 0 %", "blade-1: unpacking 26 %", "blade-1: unpacking 100 %", "blade-1: rebuilt, 81.5 s from power-on to login"], lines);
    }
}
