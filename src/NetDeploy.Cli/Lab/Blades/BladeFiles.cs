namespace NetDeploy.Cli.Lab.Blades;

/// <summary>What a blade keeps on the host.</summary>
/// <param name="Console">The serial port's output is appended here.</param>
internal sealed record BladeFiles(string Folder, string Console)
{
    public string Disk => Path.Combine(Folder, "disk.raw");

    /// <summary>UEFI variables; a copy, since firmware writes them.</summary>
    public string Variables => Path.Combine(Folder, "vars.fd");

    public string Qmp => Path.Combine(Folder, "qmp.sock");

    /// <summary>Makes the hardware new: an empty disk, and the firmware's variables as they leave the factory.</summary>
    public void MakeNew(BladeHardware hardware)
    {
        Directory.CreateDirectory(Folder);
        File.Delete(Disk);
        using (var disk = File.Create(Disk))
        {
            disk.SetLength(hardware.DiskBytes);
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
