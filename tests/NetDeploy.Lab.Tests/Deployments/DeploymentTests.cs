using System.Text.Json;
using NetDeploy.Lab.Tests.DeployEnvironment;
using NetDeploy.Lab.Tests.Roms;

namespace NetDeploy.Lab.Tests.Deployments;

/// <summary>The main job on real firmware, loaders, kernels and disks. What these wait for is bounded; nothing is timed.</summary>
[Collection(EmulatedMachines.Name)]
public sealed class DeploymentTests(ITestOutputHelper output)
{
    /// <summary>With the image's first build, on a busy machine.</summary>
    private static readonly TimeSpan Up = TimeSpan.FromMinutes(25);

    private static readonly TimeSpan Again = TimeSpan.FromMinutes(12);

    [Fact]
    public async Task A_bios_blade_installs_itself_is_rebuilt_on_other_hardware_and_a_wrong_disk_ends_in_quarantine()
    {
        await using var lab = LabRun.Create(output);
        var up = await lab.UpAsync(Up, "--firmware", "bios", "--nic", "e1000e", "--disk", "nvme");
        AssertInstalled(up, "bios", rebuilt: false);
        var first = await lab.ShowAsync("blade-1");

        var drill = await lab.DrillAsync(Again);
        AssertInstalled(drill, "bios", rebuilt: true);
        var second = await lab.ShowAsync("blade-1");
        Assert.NotEqual(Text(first, "deploymentId"), Text(second, "deploymentId"));
        Assert.NotEqual(first.GetProperty("macs")[0].GetString(), second.GetProperty("macs")[0].GetString());
        Assert.NotEqual(first.GetProperty("hostKeys")[0].GetString(), second.GetProperty("hostKeys")[0].GetString());
        Assert.Equal(Text(first, "imageId"), Text(second, "imageId"));

        // Without its name said again, an installed machine is not overwritten.
        var (refused, _, why) = await lab.RunAsync(TimeSpan.FromMinutes(1), "deploy", "blade-1");
        Assert.Equal(1, refused);
        Assert.Contains("--yes", why, StringComparison.Ordinal);

        // A selector that fits no disk: nothing is written, the reason and the log are there.
        var folder = Directory.CreateTempSubdirectory("ndt-documents-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "blade-1.yaml"), Machine(second, "minSize: 900T"));
            var (applied, _, wrong) = await lab.RunAsync(TimeSpan.FromMinutes(1), "apply", folder.FullName);
            Assert.True(applied == 0, wrong);
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        var (failed, _, _) = await lab.RunAsync(Again, "deploy", "blade-1", "--yes", "--wait");
        Assert.Equal(1, failed);
        var quarantined = await lab.ShowAsync("blade-1");
        Assert.Equal("quarantined", Text(quarantined, "state"));
        Assert.Contains("disk", Text(quarantined, "reason"), StringComparison.Ordinal);
        var timeline = await lab.TimelineAsync("blade-1");
        Assert.Equal(2, timeline.Split('\n').Count(line => line.Contains("  claimed ", StringComparison.Ordinal)));
        var (logged, log, _) = await lab.RunAsync(TimeSpan.FromMinutes(1), "show", "blade-1", "--log");
        Assert.Equal(0, logged);
        Assert.NotEmpty(log);
        var (again, _, stays) = await lab.RunAsync(TimeSpan.FromMinutes(1), "deploy", "blade-1", "--yes");
        Assert.Equal(1, again);
        Assert.Contains("netdeploy release", stays, StringComparison.Ordinal);
        Assert.Equal(0, (await lab.RunAsync(TimeSpan.FromMinutes(1), "release", "blade-1")).Exit);

        // The disk that nothing was written to still boots, and needs no network for it.
        await lab.BootDiskAloneAsync("blade-1", Variables.Kept);
    }

    [Fact]
    public async Task A_blade_with_secure_boot_installs_itself_twice_with_the_firmware_variables_it_has()
    {
        await using var lab = LabRun.Create(output);
        AssertInstalled(await lab.UpAsync(Up, "--firmware", "secureboot", "--disk", "ahci"), "secureboot", rebuilt: false);
        var first = await lab.ShowAsync("blade-1");

        var (exit, _, error) = await lab.RunAsync(Again, "deploy", "blade-1", "--yes", "--wait");
        Assert.True(exit == 0, error);
        var second = await lab.ShowAsync("blade-1");
        Assert.Equal("installed", Text(second, "state"));
        Assert.NotEqual(Text(first, "deploymentId"), Text(second, "deploymentId"));
        Assert.Equal(first.GetProperty("macs")[0].GetString(), second.GetProperty("macs")[0].GetString());

        Assert.Contains("Secure boot enabled", await lab.BootDiskAloneAsync("blade-1", Variables.Kept), StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Category", "Full")]
    [InlineData("uefi", "virtio", "virtio", "debian-12")]
    [InlineData("uefi-http", "virtio", "nvme", "debian-12")]
    [InlineData("bios", "e1000e", "megasas", "debian-12")]
    [InlineData("bios", "virtio", "virtio", "debian-13")]
    [InlineData("secureboot", "virtio", "virtio", "debian-13")]
    public async Task A_blade_installs_itself(string firmware, string nic, string disk, string distro)
    {
        await using var lab = LabRun.Create(output);
        AssertInstalled(await lab.UpAsync(Up, "--firmware", firmware, "--nic", nic, "--disk", disk, "--distro", distro), firmware, rebuilt: false);

        // The lab saw the disk start by the server's script. Now without a server, and from the loader that most BIOS machines get.
        var alone = await lab.BootDiskAloneAsync("blade-1", Variables.Kept);
        Assert.Equal(firmware == "secureboot", alone.Contains("Secure boot enabled", StringComparison.Ordinal));
        if (firmware == "bios")
        {
            var rom = new PlainRom();
            var console = await lab.BootBehindAsync(rom, "blade-1");
            PlainRomTests.AssertUndionly(rom, console);
            Assert.Contains("NetDeploy: local boot, because blade-1 is installed", console, StringComparison.Ordinal);
            return;
        }

        // Firmware that knows no boot entry finds \EFI\BOOT\BOOTX64.EFI.
        await lab.BootDiskAloneAsync("blade-1", Variables.Fresh);
    }

    [Theory]
    [Trait("Category", "Full")]
    [InlineData("bios")]
    [InlineData("uefi")]
    [InlineData("secureboot")]
    public async Task A_blade_installs_itself_beside_a_DHCP_server_that_was_there_first(string firmware)
    {
        await using var lab = LabRun.Create(output);
        var up = await lab.UpAsync(Up, "--mode", "proxy", "--firmware", firmware);
        AssertInstalled(up, firmware, rebuilt: false);
        Assert.Equal("proxy", Text(up, "mode"));
        var blade = up.GetProperty("machines")[0];
        Assert.Equal("10.77.0.2", Text(blade, "addressFrom"));
        Assert.Equal(Text(blade, "address"), Text(await lab.ShowAsync("blade-1"), "address"));
        Assert.Contains("takes its address from the DHCP server 10.77.0.2", await lab.TimelineAsync("blade-1"), StringComparison.Ordinal);
    }

    private static void AssertInstalled(JsonElement result, string firmware, bool rebuilt)
    {
        var blade = Assert.Single(result.GetProperty("machines").EnumerateArray());
        Assert.Equal(firmware, Text(blade, "firmware"));
        Assert.Equal("installed", Text(blade, "state"));
        Assert.True(blade.GetProperty("ssh").GetBoolean());
        Assert.Equal(rebuilt, blade.TryGetProperty("rebuilt", out var value) && value.GetBoolean());
    }

    private static string Machine(JsonElement blade, string selector) => $$"""
        apiVersion: netdeploy/v1
        kind: Machine
        name: blade-1
        type: metal
        distro: debian-12
        profiles: [minimal]
        address: {{Text(blade, "address")}}
        binding:
          macs: ["{{blade.GetProperty("macs")[0].GetString()}}"]
        system:
          storage:
            layout: simple
            select: { {{selector}} }
        """;

    private static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;
}
