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

    /// <summary>Shim asks for it where a key waits to be enrolled.</summary>
    private const string KeyManager = "mmx64.efi";

    public const string UefiIpxe = "snponly.efi";

    /// <summary>
    /// iPXE with drivers of its own, fetched only by those who ask for it by name: after it took a NIC from OVMF it never gave
    /// control back, so a machine that shall boot its disk hung there.
    /// </summary>
    private const string UefiIpxeWithDrivers = "ipxe.efi";

    private static readonly ImmutableArray<string> FirstStages = [BiosIpxe, Shim, UefiIpxe, UefiIpxeWithDrivers];

    public static bool IsLoader(string name) => IsFirstStage(name) || name is Grub or KeyManager;

    /// <summary>True for what firmware loads by itself.</summary>
    public static bool IsFirstStage(string name) => FirstStages.Contains(name);

    /// <summary>The loader of the client's firmware; null where its firmware is not known, or Debian has no loader for it.</summary>
    public static string? File(BootClient client, UefiLoader uefi) => BootFirmware.Of(client) switch
    {
        { Kind: FirmwareKind.Bios, IsHttp: false } when client.Stage == BootStage.Pxe => BiosIpxe,
        { Kind: FirmwareKind.UefiX64, IsHttp: false } when client.Stage == BootStage.Pxe => uefi == UefiLoader.Shim ? Shim : UefiIpxe,
        { Kind: FirmwareKind.UefiX64, IsHttp: true } when client.Stage == BootStage.Http => UefiIpxe,
        _ => null,
    };
}
