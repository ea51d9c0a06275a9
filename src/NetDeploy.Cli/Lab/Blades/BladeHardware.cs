using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using NetDeploy.Protocols;

namespace NetDeploy.Cli.Lab.Blades;

/// <summary>The firmware a blade starts with, and the way it netboots.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BladeFirmware>))]
internal enum BladeFirmware
{
    [JsonStringEnumMemberName("bios")]
    Bios,

    [JsonStringEnumMemberName("uefi")]
    Uefi,

    [JsonStringEnumMemberName("uefi-http")]
    UefiHttp,

    [JsonStringEnumMemberName("secureboot")]
    SecureBoot,
}

/// <summary>What the disk hangs on.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BladeDisk>))]
internal enum BladeDisk
{
    [JsonStringEnumMemberName("virtio")]
    Virtio,

    [JsonStringEnumMemberName("nvme")]
    Nvme,

    [JsonStringEnumMemberName("ahci")]
    Ahci,

    [JsonStringEnumMemberName("megasas")]
    Megasas,
}

[JsonConverter(typeof(JsonStringEnumConverter<BladeNic>))]
internal enum BladeNic
{
    [JsonStringEnumMemberName("virtio")]
    Virtio,

    [JsonStringEnumMemberName("e1000e")]
    E1000e,
}

/// <summary>What tells one piece of hardware from another. A drill makes a new one.</summary>
/// <param name="Mac">Locally unique below QEMU's prefix 52:54:00.</param>
/// <param name="Uuid">SMBIOS type 1.</param>
/// <param name="Serial">SMBIOS type 1.</param>
internal sealed record BladeIdentity(string Mac, Guid Uuid, string Serial)
{
    public static BladeIdentity New()
    {
        Span<byte> random = stackalloc byte[6];
        RandomNumberGenerator.Fill(random[3..]);
        random[0] = 0x52;
        random[1] = 0x54;
        return new BladeIdentity(new MacAddress(random).ToString(), Guid.NewGuid(), "ND" + RandomNumberGenerator.GetHexString(8));
    }
}

/// <summary>A further NIC, which does not netboot.</summary>
/// <param name="Tap">The bridge port it is plugged into.</param>
internal sealed record BladePort(string Tap, string Mac);

/// <summary>One virtual blade, as it is built.</summary>
/// <param name="Tap">The bridge port its NIC is plugged into.</param>
/// <param name="DiskBytes">Of each disk. Sparse: it takes what is written.</param>
/// <param name="Disks">Equal but for their serials.</param>
/// <param name="Tpm">A TPM 2.0, which keeps what it holds over power cycles.</param>
internal sealed record BladeHardware(
    string Name,
    BladeFirmware Firmware,
    BladeDisk Disk,
    BladeNic Nic,
    string Tap,
    BladeIdentity Identity,
    int MemoryMiB = 1024,
    int Cpus = 2,
    long DiskBytes = 8L << 30,
    int Disks = 1,
    bool Tpm = false)
{
    /// <summary>Beside the one that netboots.</summary>
    public ImmutableArray<BladePort> MorePorts { get; init; } = [];

    /// <summary>This blade with one NIC more.</summary>
    public BladeHardware WithPort() =>
        this with { MorePorts = MorePorts.Add(new BladePort($"{Tap}.{MorePorts.Length + 1}", BladeIdentity.New().Mac)) };

    /// <summary>The same slot with other hardware in it.</summary>
    public BladeHardware Renewed() => this with
    {
        Identity = BladeIdentity.New(),
        MorePorts = [.. MorePorts.Select(p => p with { Mac = BladeIdentity.New().Mac })],
    };

    /// <summary>Blade number <paramref name="number"/> of a lab, from 1.</summary>
    public static BladeHardware Make(int number, BladeFirmware firmware, BladeDisk disk, BladeNic nic)
    {
        // OVMF has drivers for virtio, NVMe and AHCI; none for MegaRAID: it would never see such a disk.
        if (disk == BladeDisk.Megasas && firmware != BladeFirmware.Bios)
        {
            throw new UserFault("The lab's UEFI firmware has no driver for megasas: the blade could not boot its own disk.", "Take --firmware bios, or --disk nvme or ahci.", Invocation.WrongUse);
        }

        // The ROM of the e1000e is iPXE's, which speaks PXE and its own HTTP; UEFI HTTP boot then runs over its network driver.
        var id = number.ToString(CultureInfo.InvariantCulture);
        return new BladeHardware("blade-" + id, firmware, disk, nic, "tap" + id, BladeIdentity.New());
    }
}
