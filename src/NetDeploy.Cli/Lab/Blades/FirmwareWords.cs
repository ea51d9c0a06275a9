namespace NetDeploy.Cli.Lab.Blades;

/// <summary>The words of the command line and of JSON.</summary>
internal static class FirmwareWords
{
    public static string Of(BladeFirmware firmware) => firmware switch
    {
        BladeFirmware.Bios => "bios",
        BladeFirmware.Uefi => "uefi",
        BladeFirmware.UefiHttp => "uefi-http",
        _ => "secureboot",
    };

    /// <summary>Null: no such firmware.</summary>
    public static BladeFirmware? Parse(string word) => word switch
    {
        "bios" => BladeFirmware.Bios,
        "uefi" => BladeFirmware.Uefi,
        "uefi-http" => BladeFirmware.UefiHttp,
        "secureboot" => BladeFirmware.SecureBoot,
        _ => null,
    };
}
