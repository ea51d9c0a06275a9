namespace NetDeploy.Cli.Lab.Blades;

/// <summary>The two flash parts of Debian's OVMF.</summary>
/// <param name="Variables">A template: each blade gets a copy.</param>
internal sealed record FirmwareImages(string Code, string Variables)
{
    private const string Folder = "/usr/share/OVMF/";

    /// <summary>Null for BIOS: QEMU brings its own SeaBIOS.</summary>
    public static FirmwareImages? Of(BladeFirmware firmware) => firmware switch
    {
        BladeFirmware.Bios => null,
        // The variables hold Microsoft's keys, and Secure Boot is on from the first power-on.
        BladeFirmware.SecureBoot => new(Folder + "OVMF_CODE_4M.ms.fd", Folder + "OVMF_VARS_4M.ms.fd"),
        _ => new(Folder + "OVMF_CODE_4M.fd", Folder + "OVMF_VARS_4M.fd"),
    };
}
