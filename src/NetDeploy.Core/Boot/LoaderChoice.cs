using System.Collections.Immutable;
using NetDeploy.Core.Addressing;

namespace NetDeploy.Core.Boot;

/// <summary>Which loader file an architecture (option 93, RFC 4578 and IANA's registry) gets.</summary>
public static class LoaderChoice
{
    public const string BiosIpxe = "undionly.kpxe";

    /// <summary>Shim under the name that makes it ask for <c>grubx64.efi</c> beside it.</summary>
    public const string Shim = "bootnetx64.efi";

    public const string Grub = "grubx64.efi";

    public const string UefiIpxe = "snponly.efi";

    /// <summary>iPXE with its own drivers: firmware that booted by HTTP need not offer SNP to it.</summary>
    public const string UefiHttpIpxe = "ipxe.efi";

    private static readonly ImmutableArray<string> FirstStages = [BiosIpxe, Shim, UefiIpxe, UefiHttpIpxe];

    public static bool IsLoader(string name) => IsFirstStage(name) || name == Grub;

    /// <summary>True for what firmware loads by itself.</summary>
    public static bool IsFirstStage(string name) => FirstStages.Contains(name);

    /// <summary>The first known architecture wins; null where none is known, or the stage cannot load a file.</summary>
    public static string? File(BootStage stage, ImmutableArray<ushort> architectures, UefiLoader uefi)
    {
        foreach (var architecture in architectures)
        {
            switch (architecture)
            {
                case 0 when stage == BootStage.Pxe:
                    return BiosIpxe;

                // Both mean x86-64: RFC 4578's errata gave EFI BC to 7, and OVMF sends that one.
                case 7 or 9 when stage == BootStage.Pxe:
                    return uefi == UefiLoader.Shim ? Shim : UefiIpxe;
                case 16 or 17 when stage == BootStage.Http:
                    return UefiHttpIpxe;
                default:
                    continue;
            }
        }

        // Old PXE ROMs send no option 93 at all; they are BIOS.
        return stage == BootStage.Pxe && architectures.IsDefaultOrEmpty ? BiosIpxe : null;
    }
}
