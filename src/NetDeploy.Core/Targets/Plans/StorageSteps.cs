using System.Collections.Immutable;
using System.Globalization;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.Plans;

/// <summary>Disks to steps: all are selected, and what can be known to fail is found, before the claim; nothing is written before it.</summary>
internal static class StorageSteps
{
    /// <summary>The path of what is not mounted.</summary>
    private const string Swap = "none";

    public static IEnumerable<PlanStep> Of(StorageSpec storage, PlanContext context)
    {
        StorageDevice[] devices = [.. StorageDevice.Of(storage)];
        return
        [
            .. Choice(storage),
            .. Needs(devices),
            new Claim(),
            .. storage.Disks.Select(d => new Wipe(d.Name)),
            .. storage.Disks.SelectMany(Partitions),
            // From the disks up: each device before what lies on it.
            .. Encrypted(devices.Where(IsPartition), context),
            .. storage.Raid.Select(a => new RaidArray(a.Name, a.Level, [.. devices.Where(d => d.Raid == a.Name).Select(d => d.Id)])),
            .. Encrypted(devices.Where(d => d.In is null && !IsPartition(d)), context),
            .. storage.VolumeGroups.SelectMany(g => Volumes(g, devices)),
            .. Encrypted(devices.Where(d => d.In is not null), context),
            .. Filesystems(storage, devices),
            .. Mounts(devices),
        ];
    }

    /// <summary>Which disks are meant, and whether the layout fits on them.</summary>
    public static IEnumerable<PlanStep> Choice(StorageSpec storage) =>
    [
        .. storage.Disks.DistinctBy(d => d.WrittenAs).Select(Select),
        .. storage.Disks.Select(d => new DiskSize(d.Name, StorageSizes.OfDisk(storage, d))),
    ];

    /// <summary>What opens the disks from the next start on. The installed system's own programs do it, so it comes after the image.</summary>
    public static IEnumerable<PlanStep> Unlocks(StorageSpec storage) =>
        from device in StorageDevice.Of(storage)
        let encryption = device.Encryption
        where encryption is not null
        select new Unlock(device.Mapped, encryption.Unlock, ClevisConfiguration.Of(encryption));

    /// <summary>All that starts the system: the image's initramfs knows no arrays and no keys yet, and GRUB goes to each disk.</summary>
    public static IEnumerable<PlanStep> Boot(StorageSpec storage, ImmutableArray<string> kernelArguments)
    {
        var encrypted = StorageDevice.Of(storage).Any(d => d.Encryption is not null);
        return
        [
            .. storage.Raid.Length > 0 || encrypted ? (ImmutableArray<PlanStep>)[new Initramfs()] : [],
            new BootLoader([.. PlanCheck.BootDisks(storage).Select(d => d.Name)], kernelArguments),
            .. storage.Disks.SelectMany(EspCopies),
        ];
    }

    private static PlanStep Select(DiskSpec disk) =>
        disk.Set is { } set ? new SelectDisks(set, disk.Selector) : new SelectDisk(disk.Name, disk.Selector);

    private static IEnumerable<PlanStep> Needs(StorageDevice[] devices)
    {
        var unlocks = devices.Select(d => d.Encryption).OfType<EncryptionSpec>().ToArray();
        return
        [
            .. unlocks.Any(e => e.Unlock == UnlockMethod.Tpm2) ? (ImmutableArray<PlanStep>)[new NeedsTpm()] : [],
            .. unlocks.Select(e => e.Tang?.Url).OfType<string>().Distinct().Select(url => new NeedsTang(url)),
        ];
    }

    private static IEnumerable<PlanStep> Partitions(DiskSpec disk) =>
    [
        .. disk.Partitions.Index().Select(p => new Partition(disk.Name, p.Index + 1, p.Item.SizeMiB, p.Item.Type)),
        new PartitionTable(disk.Name),
    ];

    private static IEnumerable<PlanStep> Encrypted(IEnumerable<StorageDevice> devices, PlanContext context) =>
        from device in devices
        let encryption = device.Encryption
        where encryption is not null
        let passphrase = encryption.Passphrase
        select new Luks(device.Mapped, device.Id, passphrase is null ? "" : context.Secrets[passphrase.Name]);

    private static IEnumerable<PlanStep> Volumes(VolumeGroupSpec group, StorageDevice[] devices) =>
    [
        new VolumeGroup(group.Name, [.. devices.Where(d => d.VolumeGroup == group.Name).Select(d => d.Opened)]),
        .. group.Volumes.Select(v => new LogicalVolume(group.Name, v.Name, v.SizeMiB)),
    ];

    private static IEnumerable<PlanStep> Filesystems(StorageSpec storage, StorageDevice[] devices)
    {
        // Copies of the EFI system partition are made when it is complete.
        var copies = storage.Disks.SelectMany(EspCopies).Select(c => c.Device).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. from device in devices
               let filesystem = device.Filesystem
               where filesystem is not null && !copies.Contains(device.Id)
               select new Filesystem(device.Opened, filesystem.Type, filesystem.Label),
            .. from device in devices
               from subvolume in device.Filesystem?.Subvolumes ?? []
               select new Subvolume(device.Opened, subvolume.Name),
        ];
    }

    /// <summary>A path before what lies below it; swap last.</summary>
    private static IEnumerable<Mount> Mounts(StorageDevice[] devices) =>
        devices.SelectMany(Mounts).OrderBy(m => m.Path == Swap).ThenBy(m => m.Path == "/" ? 0 : m.Path.Count(c => c == '/')).ThenBy(m => m.Path, StringComparer.Ordinal);

    private static IEnumerable<Mount> Mounts(StorageDevice device)
    {
        if (device.Filesystem is not { } filesystem)
        {
            yield break;
        }

        if (filesystem.MountPoint is not null || filesystem.Type == "swap")
        {
            yield return new(device.Opened, filesystem.MountPoint ?? Swap, filesystem.Options ?? DefaultOptions(filesystem));
        }

        foreach (var subvolume in filesystem.Subvolumes.Where(s => s.MountPoint is not null))
        {
            yield return new(device.Opened, subvolume.MountPoint!, $"subvol={subvolume.Name},{subvolume.Options ?? filesystem.Options ?? "defaults"}");
        }
    }

    private static string DefaultOptions(FilesystemSpec filesystem) => filesystem switch
    {
        { Type: "swap" } => "sw",
        { Type: "ext4", MountPoint: "/" } => "errors=remount-ro",

        // FAT has no owners: only root shall write boot loaders.
        { Type: "vfat" } => "umask=0077",
        _ => "defaults",
    };

    private static IEnumerable<EspCopy> EspCopies(DiskSpec disk) =>
        from partition in disk.Partitions.Index()
        where partition.Item is { Type: PartitionType.Esp, Filesystem.MountPoint: null }
        select new EspCopy(string.Create(CultureInfo.InvariantCulture, $"disk:{disk.Name}:{partition.Index + 1}"));

    private static bool IsPartition(StorageDevice device) => device.Id.StartsWith("disk:", StringComparison.Ordinal);
}
