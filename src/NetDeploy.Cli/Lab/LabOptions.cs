using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Client;

namespace NetDeploy.Cli.Lab;

/// <summary>What <c>lab up</c> was asked for.</summary>
internal sealed record LabOptions
{
    public int Blades { get; init; } = 1;

    public BladeFirmware Firmware { get; init; } = BladeFirmware.Bios;

    public BladeDisk Disk { get; init; } = BladeDisk.Virtio;

    /// <summary>Of each blade.</summary>
    public int Disks { get; init; } = 1;

    /// <summary>Whether each blade has a TPM 2.0.</summary>
    public bool Tpm { get; init; }

    /// <summary>Documents of the operator's own, applied with the lab's.</summary>
    public IReadOnlyList<DocumentText> Documents { get; init; } = [];

    public BladeNic Nic { get; init; } = BladeNic.Virtio;

    /// <summary>A <c>Distro</c> document's name.</summary>
    public required string Distro { get; init; }

    /// <summary>A <c>Profile</c> document's name; null: the site's layer alone.</summary>
    public string? Profile { get; init; }

    /// <summary>No document names the blades: a rule enrols them.</summary>
    public bool Enrol { get; init; }

    public string Method { get; init; } = "image";

    public LabMode Mode { get; init; }

    /// <summary>Blades and image builds reach the Debian mirror through the server alone. The installer needs that: its network has no way out.</summary>
    public bool Mirror { get => field || ByInstaller; init; }

    /// <summary>After a failure the lab stays up, to be looked at. After success it always does.</summary>
    public bool Keep { get; init; }

    public LabFolder Folder { get; init; } = new(LabDefaults.StateFolder);

    public string CacheFolder { get; init; } = LabDefaults.CacheFolder;

    public string Network { get; init; } = LabDefaults.Namespace;

    /// <summary>From the deploy order to the power-on: the image is built in this time.</summary>
    public TimeSpan PreparationLimit { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>From power-on to login for one blade. Blades share the host's processors, so each further one adds to it.</summary>
    public TimeSpan DeploymentLimit { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>The same for a distribution's own installer, which unpacks each package by itself: 31 minutes were seen on two loaded cores without KVM.</summary>
    public TimeSpan InstallerLimit { get; init; } = TimeSpan.FromMinutes(75);

    public bool ByInstaller => Method == "installer";

    /// <summary>An enrolled blade is on while its image is built, and waits for it in the deploy environment.</summary>
    public TimeSpan WholeDeploymentLimit =>
        (ByInstaller ? InstallerLimit : DeploymentLimit) + (TimeSpan.FromMinutes(3) * (Blades - 1)) + (Enrol ? PreparationLimit : TimeSpan.Zero);
}
