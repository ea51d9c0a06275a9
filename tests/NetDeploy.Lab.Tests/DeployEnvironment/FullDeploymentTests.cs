namespace NetDeploy.Lab.Tests.DeployEnvironment;

/// <summary>A whole plan on a real image, then the disk alone, until the system itself reports its first boot.</summary>
[Trait("Category", "Full")]
[Collection(EmulatedMachines.Name)]
public sealed class FullDeploymentTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    private readonly string folder = Directory.CreateTempSubdirectory("ndt-").FullName;

    [Fact]
    public async Task Bios_on_megasas_with_lvm() =>
        await DeployAsync(TestFirmware.Bios, TestFirmware.Bios, TestMachine.Megasas, """
            step_partition 'root' '1' '1' 'bios-boot'
            step_partition 'root' '2' '0' 'lvm'
            step_partition_table 'root' 'gpt'
            step_volume_group 'vg' 'disk:root:2'
            step_logical_volume 'vg' 'root' '2500'
            step_logical_volume 'vg' 'swap' '128'
            step_logical_volume 'vg' 'srv' '0'
            step_filesystem 'lv:vg/root' 'ext4' 'root'
            step_filesystem 'lv:vg/swap' 'swap' 'swap'
            step_filesystem 'lv:vg/srv' 'xfs' 'srv'
            step_mount 'lv:vg/root' '/' 'defaults,errors=remount-ro'
            step_mount 'lv:vg/swap' 'none' ''
            step_mount 'lv:vg/srv' '/srv' 'defaults,nofail,x-systemd.device-timeout=10'
            """);

    [Fact]
    public async Task Uefi_on_nvme_starts_alone_under_secure_boot() =>
        await DeployAsync(TestFirmware.Uefi, TestFirmware.SecureBoot, TestMachine.Nvme, """
            step_partition 'root' '1' '200' 'esp'
            step_partition 'root' '2' '0' 'linux'
            step_partition_table 'root' 'gpt'
            step_filesystem 'disk:root:1' 'vfat' 'esp'
            step_filesystem 'disk:root:2' 'ext4' 'root'
            step_mount 'disk:root:2' '/' 'defaults,errors=remount-ro'
            step_mount 'disk:root:1' '/boot/efi' 'umask=0077'
            """);

    [Fact]
    public async Task An_image_that_is_not_the_planned_one_is_never_made_bootable()
    {
        var environment = await TestBootFiles.EnvironmentAsync();
        var image = await TestBootFiles.ImageAsync();
        var wrong = new string('0', 64);
        await using var server = await FakeDeployServer.StartAsync(
            PlanFor("step_partition 'root' '1' '1' 'bios-boot'\nstep_partition 'root' '2' '0' 'linux'\nstep_partition_table 'root' 'gpt'\n"
                + "step_filesystem 'disk:root:2' 'ext4' ''\nstep_mount 'disk:root:2' '/' ''", wrong, image.Bytes),
            image.Path);
        await using var machine = TestMachine.Start(TestFirmware.Bios, folder,
            [.. TestMachine.DirectBoot(environment.Kernel.Path, environment.Initrd.Path, server.Address), .. TestMachine.Nvme(Disk())]);

        var failed = await machine.WaitAsync(server.ReportAsync("failed"), Limit);

        Assert.Equal($"step=step_unpack\nreason=the image's SHA-256 is {image.Sha256}, the plan says {wrong}: not installed\n", failed);
        Assert.False(server.Has("host-keys"));
        Assert.False(server.Has("written"));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task DeployAsync(TestFirmware deploy, TestFirmware alone, Func<string, string[]> attach, string storage)
    {
        Assert.SkipUnless(deploy == TestFirmware.Bios || File.Exists("/usr/share/OVMF/OVMF_CODE_4M.ms.fd"), "needs ovmf");
        var environment = await TestBootFiles.EnvironmentAsync();
        var image = await TestBootFiles.ImageAsync();
        await using var server = await FakeDeployServer.StartAsync(PlanFor(storage, image.Sha256, image.Bytes), image.Path);
        var disk = Disk();

        string keys;
        await using (var machine = TestMachine.Start(deploy, folder,
            [.. TestMachine.DirectBoot(environment.Kernel.Path, environment.Initrd.Path, server.Address), .. attach(disk)]))
        {
            var written = await machine.WaitAsync(Task.WhenAny(server.ReportAsync("written"), server.ReportAsync("failed")).Unwrap(), Limit);
            Assert.False(server.Has("failed"), written);
            Assert.Contains("seconds=", written);
            Assert.Equal(deploy != TestFirmware.Bios, written.Contains("bootorder=", StringComparison.Ordinal));
            keys = await server.ReportAsync("host-keys");
            Assert.StartsWith("ssh-ed25519 ", keys);
            var log = await server.ReportAsync("log");
            Assert.Contains("script says blade1", log);
            Assert.DoesNotContain(FakeDeployServer.Token, log);
            Assert.DoesNotContain(FakeDeployServer.FirstBootToken, log);
            await machine.WaitForEndAsync(TimeSpan.FromSeconds(30));
        }

        await using var installed = TestMachine.Start(alone, folder, attach(disk));
        var report = await installed.WaitAsync(server.ReportAsync("installed"), Limit);
        // The line above the prompt: a prompt is no whole line.
        await installed.WaitForConsoleAsync("Debian GNU/Linux 12 blade1 ttyS0", Limit);

        Assert.Contains("hostname=blade1\n", report);
        Assert.Contains("address=10.0.2.15\n", report);
        Assert.Contains($"hostkey={keys.Trim()}\n", report);
        if (alone == TestFirmware.SecureBoot)
        {
            Assert.Contains("Secure boot enabled", installed.Console);
        }
    }

    private static string PlanFor(string storage, string sha256, long bytes) => $"""
        step_plan '1' 'd7' 'blade1'
        step_select_disk 'root' '1000000000' '' '' '' '' 'QEMU*'
        step_claim
        step_wipe 'root'
        {storage}
        step_unpack '{sha256}' '{bytes}'
        step_file '/etc/hostname' '0644' 'root' 'blade1
        '
        step_file '/etc/systemd/network/10-all.network' '0644' 'root:root' '[Match]
        Name=en* eth*

        [Network]
        DHCP=ipv4
        '
        step_link '/etc/localtime' '/usr/share/zoneinfo/UTC'
        step_service 'systemd-networkd' 'enable'
        step_group 'operators' '1500'
        step_user 'root' '' '' '' '' ''
        step_user 'admin' '1000' 'It'\''s an admin' '/bin/bash' '' 'operators'
        step_authorized_keys 'admin' 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBwvkUxqYxAvOeqH/XjDS9uxLd8zLlO8zAGXB1Ma7IZ9 admin'
        step_host_keys 'ed25519'
        step_boot_loader 'root' 'console=tty0 console=ttyS0,115200'
        step_script 'check' 'set -eu
        test "$(stat -c %a:%U /home/admin/.ssh/authorized_keys)" = 600:admin
        id -nG admin | grep -qw operators
        getent passwd admin | grep -q "an admin"
        echo "script says $(cat /etc/hostname)"'
        step_first_boot 'http://10.0.2.2:PORT' '{FakeDeployServer.FirstBootToken}'
        step_finish

        """;

    private string Disk()
    {
        var path = Path.Combine(folder, "disk");
        using var file = File.Create(path);
        file.SetLength(4L << 30);
        return path;
    }
}
