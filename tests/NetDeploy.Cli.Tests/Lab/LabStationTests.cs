using NetDeploy.Cli.Lab;
using NetDeploy.Client;

namespace NetDeploy.Cli.Tests.Lab;

public sealed class LabStationTests
{
    [Fact]
    public void A_whole_boot_goes_through_the_stations_in_order()
    {
        var station = new LabStation(LabPhase.Waiting);
        var seen = new List<string>();
        foreach (var (kind, text) in new[]
        {
            ("image", "image: installing, 40 %"),
            ("dhcp", "Discover from 52:54:00:00:00:01 (pxe): Offer 10.77.0.10"),
            ("tftp", "shimx64.efi, 900 kB"),
            ("boot-script", "boot 1 fetched its script again from 10.77.0.10"),
            ("http", "vmlinuz: 8192 KiB in 0.4 s"),
            ("inventory", "boot 1 described its hardware"),
            ("claimed", "boot 1 may write to root /dev/vda"),
            ("progress", "step_partition_table 0 %"),
            ("progress", "step_unpack 0 %: 300 MiB"),
            ("progress", "step_unpack 57 %"),
            ("progress", "step_user 0 %: operator"),
            ("progress", "step_boot_loader 0 %: bios"),
            ("host-keys", "1 SSH host keys reported"),
            ("progress", "step_finish 0 %"),
            ("dhcp", "Discover from 52:54:00:00:00:01 (pxe): Offer 10.77.0.10"),
            ("boot-script", "local boot, the deployment is written"),
        })
        {
            station = station.After(new TimelineView(1, 0, kind, text, null, null));
            seen.Add(station.Text);
        }

        Assert.Equal(
            ["image 40 %", "DHCP", "loader", "loader", "kernel", "kernel", "partitioning", "partitioning", "unpacking 0 %", "unpacking 57 %", "configuring", "boot loader", "boot loader", "reboot", "own disk", "own disk"],
            seen);
    }

    [Fact]
    public void An_installer_shows_its_percentage_and_then_our_own_steps()
    {
        var station = new LabStation(LabPhase.Waiting);
        var seen = new List<string>();
        foreach (var (kind, text) in new[]
        {
            ("http", "initrd.gz: 39807 KiB in 3.8 s"),
            ("progress", "installer 6 %: debian-13, installer's components"),
            ("progress", "step_disk_size 0 %: root"),
            ("claimed", "boot 1 may write to root /dev/vda"),
            ("progress", "installer 18 %: debian-13, base system"),
            ("progress", "step_user 0 %: root"),
            ("written", "the disk is complete"),
        })
        {
            station = station.After(new TimelineView(1, 0, kind, text, null, null));
            seen.Add(station.Text);
        }

        Assert.Equal(["kernel", "installer 6 %", "installer 6 %", "installer 6 %", "installer 18 %", "configuring", "reboot"], seen);
    }

    [Fact]
    public void A_console_line_steers_no_terminal() => Assert.Equal("Welcome to GRUB!", Output.Plain("\u001b[0;30;47mWelcome \u001bcto GRUB!\u001b[H\u001b[2J\a"));
}
