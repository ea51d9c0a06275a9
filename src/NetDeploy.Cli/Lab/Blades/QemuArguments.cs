using System.Collections.Immutable;
using System.Globalization;

namespace NetDeploy.Cli.Lab.Blades;

/// <summary>
/// The command line of QEMU for one blade. Boot order is hardware order everywhere: the NIC has boot index 1, the
/// disks from 2 on, so that firmware asks the network first and takes the disk when the loader gives up.
/// </summary>
internal static class QemuArguments
{
    public const string Program = "qemu-system-x86_64";

    public static ImmutableArray<string> For(BladeHardware hardware, BladeFiles files, Accelerator accelerator) =>
    [
        Program,
        // Nothing but what is named here: no VGA, no floppy, no CD, no configuration of the host.
        "-nodefaults", "-no-user-config", "-display", "none",
        "-name", hardware.Name,
        .. accelerator.Arguments,
        "-smp", Number(hardware.Cpus),
        "-m", Number(hardware.MemoryMiB),
        .. Machine(hardware.Firmware),
        .. Flash(hardware.Firmware, files),
        .. Identity(hardware),
        .. Nic(hardware),
        .. Disks(hardware, files),
        .. Tpm(hardware, files),
        // Key generation at the first boot stalls without entropy.
        "-device", "virtio-rng-pci",
        // append: one file over all power cycles. A reset of the guest stays in this process (no -no-reboot), a power-off ends it.
        "-chardev", $"file,id=console,path={Escape(files.Console)},append=on", "-serial", "chardev:console",
        "-qmp", $"unix:{Escape(files.Qmp)},server=on,wait=off",
    ];

    private static ImmutableArray<string> Machine(BladeFirmware firmware) => firmware switch
    {
        // graphics=off: SeaBIOS and the NIC's ROM speak on the serial port, which is the blade's only console.
        BladeFirmware.Bios => ["-machine", "pc,graphics=off"],
        // Secure Boot needs SMM: only code in it may write the flash that holds the keys. S3 would open a way around it.
        BladeFirmware.SecureBoot =>
        [
            "-machine", "q35,smm=on",
            "-global", "driver=cfi.pflash01,property=secure,value=on",
            "-global", "ICH9-LPC.disable_s3=1",
        ],
        _ => ["-machine", "q35"],
    };

    private static ImmutableArray<string> Flash(BladeFirmware firmware, BladeFiles files)
    {
        if (FirmwareImages.Of(firmware) is not { } images)
        {
            return [];
        }

        return
        [
            "-drive", $"if=pflash,unit=0,format=raw,readonly=on,file={Escape(images.Code)}",
            "-drive", $"if=pflash,unit=1,format=raw,file={Escape(files.Variables)}",
            // Nobody answers DHCPv6 here: without this OVMF waits over a minute before it goes on to the disk.
            "-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n",
            // HTTP boot comes after PXE in OVMF's order; with PXE off it is the first and only way.
            .. firmware == BladeFirmware.UefiHttp ? ["-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=n"] : ImmutableArray<string>.Empty,
        ];
    }

    private static ImmutableArray<string> Identity(BladeHardware hardware) =>
    [
        "-uuid", hardware.Identity.Uuid.ToString("D"),
        "-smbios", $"type=1,manufacturer=NetDeploy,product=Lab Blade,serial={hardware.Identity.Serial}",
    ];

    private static ImmutableArray<string> Nic(BladeHardware hardware)
    {
        var device = (hardware.Nic, hardware.Firmware) switch
        {
            // On BIOS the ROM is iPXE: it asks DHCP with user class iPXE from its first packet.
            (BladeNic.Virtio, BladeFirmware.Bios) => "virtio-net-pci",
            // On UEFI the ROM's iPXE would take the NIC before the firmware does. Without a ROM OVMF's own driver and its
            // own PXE and HTTP boot are used, as on a real server: DHCP 3 s after power-on, architecture 7 or 16.
            (BladeNic.Virtio, _) => "virtio-net-pci,romfile=",
            // OVMF has no driver for it: here the ROM is the driver, and iPXE boots before OVMF's own PXE gets its turn.
            // OVMF starts the unsigned ROM under Secure Boot too.
            _ => "e1000e",
        };
        return
        [
            "-netdev", $"tap,id=wire,ifname={hardware.Tap},script=no,downscript=no",
            "-device", $"{device},netdev=wire,mac={hardware.Identity.Mac},bootindex=1",
            // Without a ROM and a boot index: one NIC netboots, and the others wait for the system.
            .. hardware.MorePorts.Index().SelectMany(p => new[]
            {
                "-netdev", $"tap,id=wire{Number(p.Index + 2)},ifname={p.Item.Tap},script=no,downscript=no",
                "-device", $"virtio-net-pci,romfile=,netdev=wire{Number(p.Index + 2)},mac={p.Item.Mac}",
            }),
        ];
    }

    /// <summary>Controllers first: those of AHCI and megasas carry all disks.</summary>
    private static ImmutableArray<string> Disks(BladeHardware hardware, BladeFiles files) =>
    [
        .. hardware.Disk switch
        {
            BladeDisk.Ahci => ["-device", "ahci,id=hba"],
            BladeDisk.Megasas => ["-device", "megasas,id=hba"],
            _ => ImmutableArray<string>.Empty,
        },
        .. Enumerable.Range(1, hardware.Disks).SelectMany(number => Disk(hardware, files, number)),
    ];

    private static ImmutableArray<string> Disk(BladeHardware hardware, BladeFiles files, int number)
    {
        var id = DiskId(number);
        var serial = number == 1 ? hardware.Identity.Serial : $"{hardware.Identity.Serial}-{Number(number)}";
        var device = hardware.Disk switch
        {
            BladeDisk.Virtio => "virtio-blk-pci",
            BladeDisk.Nvme => "nvme",
            BladeDisk.Ahci => $"ide-hd,bus=hba.{Number(number - 1)}",
            _ => $"scsi-hd,bus=hba.0,scsi-id={Number(number - 1)}",
        };
        return
        [
            // unsafe: flushes are not waited for. The host's page cache keeps what was written even when QEMU is killed;
            // only a crash of the host would lose it, and a lab is no place for data.
            "-drive", $"if=none,id={id},format=raw,cache=unsafe,discard=unmap,file={Escape(files.DiskNumber(number))}",
            "-device", $"{device},drive={id},serial={serial},bootindex={Number(number + 1)}",
        ];
    }

    /// <summary>The name of a disk's drive; a test pulls the disk out by it.</summary>
    internal static string DiskId(int number) => number == 1 ? "disk" : $"disk{Number(number)}";

    private static ImmutableArray<string> Tpm(BladeHardware hardware, BladeFiles files) => hardware.Tpm
        ?
        [
            "-chardev", $"socket,id=tpm,path={Escape(files.TpmSocket)}",
            "-tpmdev", "emulator,id=tpm0,chardev=tpm",
            "-device", "tpm-tis,tpmdev=tpm0",
        ]
        : [];

    /// <summary>QEMU splits its options at commas; a doubled comma is one that belongs to the value.</summary>
    private static string Escape(string path) => path.Replace(",", ",,", StringComparison.Ordinal);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
