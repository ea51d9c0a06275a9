using System.Collections.Immutable;

namespace NetDeploy.Core.Boot;

/// <summary>Which binary a client's firmware can start.</summary>
public enum FirmwareKind
{
    Bios,
    UefiIa32,
    UefiX64,
    UefiArm32,
    UefiArm64,
    UefiRiscV32,
    UefiRiscV64,
    UefiLoongArch32,
    UefiLoongArch64,
    RaspberryPi,
}

/// <summary>A kind of firmware, by the architecture codes it sends in option 93. New firmware is one row of <see cref="Table"/>.</summary>
/// <param name="IsHttp">It fetches its boot file by a URL instead of TFTP.</param>
/// <param name="Codes">Of IANA's registry "Processor Architecture Types" (RFC 5970 section 3.3).</param>
public sealed record BootFirmware(FirmwareKind Kind, bool IsHttp, ImmutableArray<ushort> Codes)
{
    /// <summary>
    /// x86-64 is both 7 and 9: RFC 4578 and its erratum disagree, OVMF sends 7. Code 20 is BIOS over HTTP, which no
    /// UEFI binary serves. RISC-V 128, MIPS and the rest of the registry have no loader in Debian and are not known.
    /// </summary>
    public static ImmutableArray<BootFirmware> Table { get; } =
    [
        new(FirmwareKind.Bios, false, [0]),
        new(FirmwareKind.UefiIa32, false, [6]),
        new(FirmwareKind.UefiX64, false, [7, 9]),
        new(FirmwareKind.UefiArm32, false, [10]),
        new(FirmwareKind.UefiArm64, false, [11]),
        new(FirmwareKind.UefiIa32, true, [15]),
        new(FirmwareKind.UefiX64, true, [16, 17]),
        new(FirmwareKind.UefiArm32, true, [18]),
        new(FirmwareKind.UefiArm64, true, [19]),
        new(FirmwareKind.Bios, true, [20]),
        new(FirmwareKind.UefiRiscV32, false, [25]),
        new(FirmwareKind.UefiRiscV32, true, [26]),
        new(FirmwareKind.UefiRiscV64, false, [27]),
        new(FirmwareKind.UefiRiscV64, true, [28]),
        new(FirmwareKind.UefiLoongArch32, false, [37]),
        new(FirmwareKind.UefiLoongArch32, true, [38]),
        new(FirmwareKind.UefiLoongArch64, false, [39]),
        new(FirmwareKind.UefiLoongArch64, true, [40]),
        new(FirmwareKind.RaspberryPi, false, [41]),
    ];

    private static readonly Dictionary<ushort, BootFirmware> s_byCode =
        Table.SelectMany(row => row.Codes.Select(code => (code, row))).ToDictionary(x => x.code, x => x.row);

    public bool IsUefi => Kind is not (FirmwareKind.Bios or FirmwareKind.RaspberryPi);

    /// <summary>The row of the first known code of option 93; null where none is known.</summary>
    public static BootFirmware? Of(ImmutableArray<ushort> architectures)
    {
        foreach (var code in architectures)
        {
            if (s_byCode.TryGetValue(code, out var row))
            {
                return row;
            }
        }

        return null;
    }

    /// <summary>
    /// What the client is. PXE 2.1 made option 93 mandatory, yet the oldest ROMs send none: a PXE client without it
    /// is a BIOS.
    /// </summary>
    public static BootFirmware? Of(BootClient client) =>
        client.Architectures.IsEmpty && client.Stage is BootStage.Pxe ? Table[0] : Of(client.Architectures);
}
