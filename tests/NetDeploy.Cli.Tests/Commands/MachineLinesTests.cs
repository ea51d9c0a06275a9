using NetDeploy.Cli.Commands;
using NetDeploy.Client;

namespace NetDeploy.Cli.Tests.Commands;

public sealed class MachineLinesTests
{
    private const string Long = "the disk /dev/vda of web1 holds 21474836480 bytes, and the profile wants more than that; the machine was not touched";

    [Fact]
    public void A_reason_that_fits_stays_in_the_row() =>
        Assert.Equal(
            ["machine  state   distro     profiles      address    what", "web1     failed  debian-12  minimal blog  10.0.0.11  no disk"],
            MachineLines.Of(List("no disk"), 80));

    [Fact]
    public void A_long_reason_goes_below_in_whole_words()
    {
        var lines = MachineLines.Of(List(Long), 80).ToArray();
        Assert.Equal("web1     failed  debian-12  minimal blog  10.0.0.11", lines[1]);
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
        Assert.All(lines[2..], line => Assert.StartsWith("    ", line));
        Assert.Equal(Long, string.Join(' ', lines[2..].Select(line => line.Trim())));
    }

    [Fact]
    public void A_file_gets_a_line_a_machine() => Assert.EndsWith(Long, MachineLines.Of(List(Long), int.MaxValue).ElementAt(1));

    [Fact]
    public void Who_asked_is_told_with_its_firmware_in_words()
    {
        Assert.Empty(MachineLines.Of([]));
        Assert.Contains("10.77.0.2  no MAC on this link  on eth0, a machine named it", string.Join('\n', MachineLines.Of([new OtherServerView("eth0", "10.77.0.2", null, false, 0, 0)])), StringComparison.Ordinal);
        var lines = MachineLines.Of(new MachineListView([], [new UnknownClientView("52:54:00:00:00:09", null, "0", null, 0, 1)]), 80).ToArray();
        Assert.Matches("^  52:54:00:00:00:09  BIOS  -  last [0-9:]{8}, 1 request$", lines[^1]);
    }

    [Theory]
    [InlineData("0", "BIOS")]
    [InlineData("7", "UEFI x64")]
    [InlineData("7,9", "UEFI x64")]
    [InlineData("16", "UEFI x64 HTTP")]
    [InlineData("11", "UEFI arm64")]
    [InlineData("41", "Raspberry Pi")]
    [InlineData("999", "firmware 999")]
    [InlineData("unknown", "unknown")]
    [InlineData("", "unknown")]
    public void A_firmware_has_a_name(string codes, string name) => Assert.Equal(name, MachineLines.Firmware(codes));

    private static MachineListView List(string reason) => new(
        [new MachineView("web1", "metal", ["minimal", "blog"], "debian-12", "image", false, "failed", null, null, reason, [], null, null, "10.0.0.11", null, null, [])], []);
}
