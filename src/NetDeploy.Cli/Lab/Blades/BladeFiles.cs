using System.Globalization;

namespace NetDeploy.Cli.Lab.Blades;

/// <summary>What a blade keeps on the host.</summary>
/// <param name="Console">The serial port's output is appended here.</param>
internal sealed record BladeFiles(string Folder, string Console)
{
    public string Disk => DiskNumber(1);

    /// <summary>What swtpm keeps of the TPM.</summary>
    public string Tpm => Path.Combine(Folder, "tpm");

    /// <summary>Where swtpm listens while the blade is on.</summary>
    public string TpmSocket => Path.Combine(Folder, "tpm.sock");

    /// <summary>UEFI variables; a copy, since firmware writes them.</summary>
    public string Variables => Path.Combine(Folder, "vars.fd");

    public string Qmp => Path.Combine(Folder, "qmp.sock");

    /// <param name="number">From 1.</param>
    public string DiskNumber(int number) =>
        Path.Combine(Folder, number == 1 ? "disk.raw" : string.Create(CultureInfo.InvariantCulture, $"disk{number}.raw"));

    /// <summary>Makes the hardware new: empty disks, an empty TPM, and the firmware's variables as they leave the factory.</summary>
    public void MakeNew(BladeHardware hardware)
    {
        Directory.CreateDirectory(Folder);
        for (var number = 1; number <= hardware.Disks; number++)
        {
            File.Delete(DiskNumber(number));
            using var disk = File.Create(DiskNumber(number));
            disk.SetLength(hardware.DiskBytes);
        }

        if (Directory.Exists(Tpm))
        {
            Directory.Delete(Tpm, recursive: true);
        }

        File.Delete(Variables);
        if (FirmwareImages.Of(hardware.Firmware) is { } images)
        {
            if (!File.Exists(images.Variables) || !File.Exists(images.Code))
            {
                throw new UserFault($"The firmware {images.Code} is not there.", "Install the Debian package ovmf.");
            }

            File.Copy(images.Variables, Variables);
        }
    }
}
