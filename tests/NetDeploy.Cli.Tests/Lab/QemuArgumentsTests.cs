using NetDeploy.Cli.Lab.Blades;

namespace NetDeploy.Cli.Tests.Lab;

public sealed class QemuArgumentsTests
{
    [Fact]
    public void The_network_comes_before_the_disk_on_every_hardware()
    {
        foreach (var firmware in Enum.GetValues<BladeFirmware>())
        {
            foreach (var disk in Enum.GetValues<BladeDisk>().Where(d => d != BladeDisk.Megasas || firmware == BladeFirmware.Bios))
            {
                foreach (var nic in Enum.GetValues<BladeNic>())
                {
                    var line = Line(BladeHardware.Make(1, firmware, disk, nic));
                    Assert.Matches("-device (virtio-net-pci|e1000e)[^ ]*,bootindex=1 ", line);
                    Assert.Matches("-device (virtio-blk-pci|nvme|ide-hd|scsi-hd)[^ ]*,bootindex=2 ", line);
                }
            }
        }
    }

    [Theory]
    [InlineData("bios", "-machine pc,graphics=off", "pflash")]
    [InlineData("uefi", "OVMF_CODE_4M.fd", "secure")]
    [InlineData("uefi-http", "IPv4PXESupport,string=n", "secure")]
    [InlineData("secureboot", "-global driver=cfi.pflash01,property=secure,value=on", "IPv4PXESupport")]
    public void Each_firmware_has_its_own_flash_and_switches(string firmware, string holds, string holdsNot)
    {
        var line = Line(BladeHardware.Make(1, FirmwareWords.Parse(firmware)!.Value, BladeDisk.Virtio, BladeNic.Virtio));

        Assert.Contains(holds, line, StringComparison.Ordinal);
        Assert.DoesNotContain(holdsNot, line, StringComparison.Ordinal);
    }

    [Fact]
    public void Identity_is_in_SMBIOS_and_on_the_NIC()
    {
        var blade = BladeHardware.Make(3, BladeFirmware.Bios, BladeDisk.Nvme, BladeNic.E1000e);
        var line = Line(blade);

        Assert.Equal("blade-3", blade.Name);
        Assert.StartsWith("52:54:00:", blade.Identity.Mac, StringComparison.Ordinal);
        Assert.Contains($"mac={blade.Identity.Mac},", line, StringComparison.Ordinal);
        Assert.Contains($"-uuid {blade.Identity.Uuid}", line, StringComparison.Ordinal);
        Assert.Contains($"serial={blade.Identity.Serial}", line, StringComparison.Ordinal);
        Assert.Contains("ifname=tap3,", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_comma_in_a_path_stays_in_the_path() =>
        Assert.Contains("file=/a,,b/disk.raw", Line(BladeHardware.Make(1, BladeFirmware.Bios, BladeDisk.Virtio, BladeNic.Virtio), "/a,b"), StringComparison.Ordinal);

    [Fact]
    public void A_disk_that_UEFI_cannot_boot_from_is_refused()
    {
        var fault = Assert.Throws<UserFault>(() => BladeHardware.Make(1, BladeFirmware.SecureBoot, BladeDisk.Megasas, BladeNic.Virtio));

        Assert.Contains("nvme", fault.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Virtio", "virtio-blk-pci,drive=disk2,serial=S-2,bootindex=3 ")]
    [InlineData("Nvme", "nvme,drive=disk2,serial=S-2,bootindex=3 ")]
    [InlineData("Ahci", "ide-hd,bus=hba.1,drive=disk2,serial=S-2,bootindex=3 ")]
    [InlineData("Megasas", "scsi-hd,bus=hba.0,scsi-id=1,drive=disk2,serial=S-2,bootindex=3 ")]
    public void Each_disk_has_its_own_file_serial_and_turn(string disk, string device)
    {
        var blade = BladeHardware.Make(1, BladeFirmware.Bios, Enum.Parse<BladeDisk>(disk), BladeNic.Virtio);
        var line = Line(blade with { Disks = 2, Identity = blade.Identity with { Serial = "S" } });

        Assert.Contains(device, line, StringComparison.Ordinal);
        Assert.Contains("file=/lab/blade/disk.raw ", line, StringComparison.Ordinal);
        Assert.Contains("file=/lab/blade/disk2.raw ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("tpm", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_TPM_is_reached_by_its_socket()
    {
        var line = Line(BladeHardware.Make(1, BladeFirmware.Uefi, BladeDisk.Virtio, BladeNic.Virtio) with { Tpm = true });

        Assert.Contains("-chardev socket,id=tpm,path=/lab/blade/tpm.sock -tpmdev emulator,id=tpm0,chardev=tpm -device tpm-tis,tpmdev=tpm0 ", line, StringComparison.Ordinal);
    }

    private static string Line(BladeHardware hardware, string folder = "/lab/blade") =>
        string.Join(' ', QemuArguments.For(hardware, new BladeFiles(folder, "/lab/console"), Accelerator.Tcg)) + " ";
}
