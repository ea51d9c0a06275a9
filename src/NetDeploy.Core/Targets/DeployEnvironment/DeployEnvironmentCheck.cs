using System.Collections.Immutable;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.DeployEnvironment;

/// <summary>What of a recipe the deploy environment cannot do: found before a grant, at its YAML position.</summary>
internal static class DeployEnvironmentCheck
{
    private static readonly string[] Filesystems = ["ext4", "xfs", "vfat", "swap"];

    /// <summary>What the steps call in the target, or what the system needs to start: package and reason.</summary>
    private static readonly (string Package, string Reason)[] Needed =
    [
        ("systemd-sysv", "it is what starts the system"),
        ("udev", "devices are named by it"),
        ("systemd-resolved", "resolv.conf points to it"),
        ("openssh-server", "host keys are made by it, and the machine is reached by it"),
        ("grub2-common", "the boot loader is installed by it"),
        ("grub-pc-bin", "the disk also boots in BIOS mode"),
        ("grub-efi-amd64-bin", "the disk also boots in UEFI mode"),
        ("grub-efi-amd64-signed", "the disk also boots under Secure Boot"),
        ("shim-signed", "the disk also boots under Secure Boot"),
    ];

    public static ImmutableArray<Diagnostic> Run(Recipe recipe)
    {
        var found = ImmutableArray.CreateBuilder<Diagnostic>();
        if (recipe.Distro.Architecture != "amd64")
        {
            found.Add(At(recipe, Severity.Error, "distro", $"the deploy environment runs on amd64, not on {recipe.Distro.Architecture}.", "Take a distro of that architecture."));
        }

        CheckFilesystems(recipe, found);
        CheckBootDisk(recipe, found);
        CheckPackages(recipe, found);
        return found.ToImmutable();
    }

    /// <summary>The disk that carries the boot loader; null where none or several could.</summary>
    public static DiskSpec? BootDisk(StorageSpec storage)
    {
        var candidates = storage.Disks.Where(d => d.Partitions.Any(p => p.Type is PartitionType.BiosBoot or PartitionType.Esp)).ToArray();
        return candidates is [var only] ? only : null;
    }

    private static void CheckFilesystems(Recipe recipe, ImmutableArray<Diagnostic>.Builder found)
    {
        var storage = recipe.System.Storage;
        var all = storage.Disks
            .SelectMany(d => d.Partitions, (d, p) => ($"system.storage.disks[{d.Name}].partitions[{p.Name}].filesystem", p.Filesystem))
            .Concat(storage.VolumeGroups.SelectMany(g => g.Volumes, (g, v) => ($"system.storage.volumeGroups[{g.Name}].volumes[{v.Name}].filesystem", (FilesystemSpec?)v.Filesystem)));
        foreach (var (path, filesystem) in all)
        {
            if (filesystem is not null && !Filesystems.Contains(filesystem.Type))
            {
                found.Add(At(recipe, Severity.Error, path, $"the deploy environment makes no {filesystem.Type}.", $"Take one of {string.Join(", ", Filesystems)}."));
            }
        }
    }

    private static void CheckBootDisk(Recipe recipe, ImmutableArray<Diagnostic>.Builder found)
    {
        if (BootDisk(recipe.System.Storage) is not { } disk)
        {
            found.Add(At(recipe, Severity.Error, "system.storage", "exactly one disk carries the boot loader, with partitions of type bios-boot and esp.", "Add them to one disk, or write storage: simple."));
            return;
        }

        var path = $"system.storage.disks[{disk.Name}]";
        if (disk.Partitions.All(p => p.Type != PartitionType.BiosBoot))
        {
            found.Add(At(recipe, Severity.Warning, path, "without a bios-boot partition the disk does not boot in BIOS mode.", "Add one of 1MiB, type bios-boot."));
        }

        var esp = disk.Partitions.FirstOrDefault(p => p.Type == PartitionType.Esp);
        if (esp is null)
        {
            found.Add(At(recipe, Severity.Warning, path, "without an EFI system partition the disk does not boot in UEFI mode.", "Add one of 256MiB, type esp."));
        }
        else if (esp.Filesystem?.MountPoint != "/boot/efi")
        {
            found.Add(At(recipe, Severity.Error, $"{path}.partitions[{esp.Name}].mount", "Debian's GRUB looks for the EFI system partition at /boot/efi.", "Write mount: /boot/efi, or leave it out."));
        }
    }

    private static void CheckPackages(Recipe recipe, ImmutableArray<Diagnostic>.Builder found)
    {
        var packages = recipe.System.Packages;
        if (!packages.Any(p => p.StartsWith("linux-image-", StringComparison.Ordinal)))
        {
            found.Add(At(recipe, Severity.Error, "system.packages", "the image would hold no kernel.", "Add linux-image-amd64."));
        }

        var storage = recipe.System.Storage;
        var needed = Needed.ToList();
        if (storage.VolumeGroups.Length > 0)
        {
            needed.Add(("lvm2", "the storage layout has volume groups"));
        }

        foreach (var (package, reason) in needed.Where(n => !packages.Contains(n.Package)))
        {
            found.Add(At(recipe, Severity.Error, "system.packages", $"the package {package} is missing: {reason}.", "Add it again; the distro's document brings it."));
        }
    }

    internal static Diagnostic At(Recipe recipe, Severity severity, string path, string message, string remedy)
    {
        var (file, line, column) = recipe.Place(path);
        return new(severity, file, line, column, path, message, remedy);
    }
}
