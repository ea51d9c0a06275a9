using System.Collections.Immutable;
using System.Net;
using System.Text;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Enrolment;

/// <summary>What is known of a machine that no document names. All but the relay's word can be forged by anyone on the segment.</summary>
public sealed record Newcomer(MacAddress Mac)
{
    /// <summary>The network that it asked on.</summary>
    public string Network { get; init; } = "";

    public Guid? Uuid { get; init; }

    /// <summary>False: this process heard no boot-stage DHCP of it, so where it is plugged in and what its firmware is are not known.</summary>
    public bool AskedDhcp { get; init; }

    /// <summary>A relay that the network names, and through which it asked; null where it asked through none of those.</summary>
    public IPAddress? Relay { get; init; }

    /// <summary>Option 82 as hex, from that relay alone.</summary>
    public string? CircuitId { get; init; }

    public string? RemoteId { get; init; }

    /// <summary>Option 93.</summary>
    public ImmutableArray<ushort> Architectures { get; init; } = [];

    /// <summary>Null until it told: iPXE does with its second request for a script, the deploy environment with its inventory.</summary>
    public Smbios? Smbios { get; init; }

    /// <summary>Debian's word for the processor; null where it is not known, or nothing that is installed here.</summary>
    public string? Architecture => Row?.Kind switch
    {
        FirmwareKind.Bios or FirmwareKind.UefiX64 => "amd64",
        FirmwareKind.UefiArm64 => "arm64",
        _ => null,
    };

    public string? Firmware => Row is not { } row ? null : row.IsUefi ? "uefi" : row.Kind == FirmwareKind.Bios ? "bios" : null;

    /// <summary>A PXE client without option 93 is a BIOS, see <see cref="BootFirmware"/>.</summary>
    private BootFirmware? Row => !AskedDhcp ? null : Architectures.IsEmpty ? BootFirmware.Table[0] : BootFirmware.Of(Architectures);

    /// <summary>The bytes of a hex text where all of them are printable ASCII; null else.</summary>
    public static string? TextOf(string? hex)
    {
        if (hex is null || hex.Length % 2 != 0 || !hex.All(char.IsAsciiHexDigit))
        {
            return null;
        }

        var bytes = Convert.FromHexString(hex);
        return bytes.Length > 0 && bytes.All(b => b is >= 0x20 and <= 0x7e) ? Encoding.ASCII.GetString(bytes) : null;
    }
}
