using NetDeploy.Cli.Lab.Blades;

namespace NetDeploy.Cli.Lab;

/// <summary>What <c>lab up</c> was asked for.</summary>
internal sealed record LabOptions
{
    public int Blades { get; init; } = 1;

    public BladeFirmware Firmware { get; init; } = BladeFirmware.Bios;

    public BladeDisk Disk { get; init; } = BladeDisk.Virtio;

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
    public bool Mirror { get; init; }

    /// <summary>After a failure the lab stays up, to be looked at. After success it always does.</summary>
    public bool Keep { get; init; }

    public LabFolder Folder { get; init; } = new(LabDefaults.StateFolder);

    public string CacheFolder { get; init; } = LabDefaults.CacheFolder;

    public string Network { get; init; } = LabDefaults.Namespace;

    /// <summary>From the deploy order to the power-on: the image is built in this time.</summary>
    public TimeSpan PreparationLimit { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>From power-on to login for one blade. Blades share the host's processors, so each further one adds to it.</summary>
    public TimeSpan DeploymentLimit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>An enrolled blade is on while its image is built, and waits for it in the deploy environment.</summary>
    public TimeSpan WholeDeploymentLimit => DeploymentLimit + (TimeSpan.FromMinutes(3) * (Blades - 1)) + (Enrol ? PreparationLimit : TimeSpan.Zero);
}
