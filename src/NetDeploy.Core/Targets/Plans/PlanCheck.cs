using System.Collections.Immutable;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.Plans;

/// <summary>What of a recipe no plan can do: found before a grant, at its YAML position.</summary>
internal static class PlanCheck
{
    private static readonly string[] Filesystems = ["ext4", "xfs", "btrfs", "vfat", "swap"];

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
            found.Add(recipe.At("distro", Severity.Error, $"machines are installed as amd64 alone, not as {recipe.Distro.Architecture}.", "Take a distro of that architecture."));
        }

        CheckFilesystems(recipe, found);
        CheckBootDisks(recipe, found);
        CheckPackages(recipe, found);
        return found.ToImmutable();
    }

    /// <summary>The disks that carry a boot loader: the machine starts from each of them.</summary>
    public static ImmutableArray<DiskSpec> BootDisks(StorageSpec storage) =>
        [.. storage.Disks.Where(d => d.Partitions.Any(p => p.Type is PartitionType.BiosBoot or PartitionType.Esp))];

    private static void CheckFilesystems(Recipe recipe, ImmutableArray<Diagnostic>.Builder found)
    {
        foreach (var device in StorageDevice.Of(recipe.System.Storage).DistinctBy(d => d.Path))
        {
            if (device.Filesystem is { } filesystem && !Filesystems.Contains(filesystem.Type))
            {
                found.Add(recipe.At($"{device.Path}.filesystem", Severity.Error, $"no method makes the filesystem {filesystem.Type}.", $"Take one of {string.Join(", ", Filesystems)}."));
            }
        }
    }

    private static void CheckBootDisks(Recipe recipe, ImmutableArray<Diagnostic>.Builder found)
    {
        var disks = BootDisks(recipe.System.Storage);
        if (disks.IsEmpty)
        {
            found.Add(recipe.At("system.storage", Severity.Error, "no disk carries the boot loader, with partitions of type bios-boot and esp.", "Add them to one disk or to several, or write storage: simple."));
            return;
        }

        foreach (var disk in disks.DistinctBy(d => d.WrittenAs))
        {
            CheckBootDisk(recipe, disk, found);
        }

        var mounted = disks.SelectMany(d => d.Partitions, (d, p) => (Disk: d, Partition: p))
            .Where(p => p.Partition is { Type: PartitionType.Esp, Filesystem.MountPoint: not (null or "/boot/efi") });
        foreach (var (disk, esp) in mounted)
        {
            found.Add(recipe.At($"system.storage.disks[{disk.WrittenAs}].partitions[{esp.Name}].mount", Severity.Error, "Debian's GRUB looks for the EFI system partition at /boot/efi.", "Write mount: /boot/efi, or leave it out: a second one is a copy of the first."));
        }
    }

    private static void CheckBootDisk(Recipe recipe, DiskSpec disk, ImmutableArray<Diagnostic>.Builder found)
    {
        var path = $"system.storage.disks[{disk.WrittenAs}]";
        if (disk.Partitions.All(p => p.Type != PartitionType.BiosBoot))
        {
            found.Add(recipe.At(path, Severity.Warning, "without a bios-boot partition the disk does not boot in BIOS mode.", "Add one of 1MiB, type bios-boot."));
        }

        if (disk.Partitions.All(p => p.Type != PartitionType.Esp))
        {
            found.Add(recipe.At(path, Severity.Warning, "without an EFI system partition the disk does not boot in UEFI mode.", "Add one of 256MiB, type esp."));
        }
    }

    private static void CheckPackages(Recipe recipe, ImmutableArray<Diagnostic>.Builder found)
    {
        var packages = recipe.System.Packages;
        if (!packages.Any(p => p.StartsWith("linux-image-", StringComparison.Ordinal)))
        {
            found.Add(recipe.At("system.packages", Severity.Error, "the image would hold no kernel.", "Add linux-image-amd64."));
        }

        foreach (var (package, reason) in Needed.Where(n => !packages.Contains(n.Package)))
        {
            found.Add(recipe.At("system.packages", Severity.Error, $"the package {package} is missing: {reason}.", "Add it again; the distro's document brings it."));
        }
    }
}
