using System.Globalization;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.DeployEnvironment;

/// <summary>Disks to steps: all are selected before the claim, nothing is written before it.</summary>
internal static class StorageSteps
{
    public static IEnumerable<PlanStep> Of(StorageSpec storage) =>
    [
        .. storage.Disks.Select(d => new SelectDisk(d.Name, d.Selector)),
        new Claim(),
        .. storage.Disks.Select(d => new Wipe(d.Name)),
        .. storage.Disks.SelectMany(Partitions),
        .. storage.VolumeGroups.SelectMany(g => Volumes(g, storage)),
        .. Filesystems(storage).Select(f => new Filesystem(f.Device, f.Spec.Type, f.Spec.Label)),
        .. Mounts(storage),
    ];

    private static IEnumerable<PlanStep> Partitions(DiskSpec disk) =>
    [
        .. disk.Partitions.Index().Select(p => new Partition(disk.Name, p.Index + 1, p.Item.SizeMiB, p.Item.Type)),
        new PartitionTable(disk.Name),
    ];

    private static IEnumerable<PlanStep> Volumes(VolumeGroupSpec group, StorageSpec storage)
    {
        var devices = storage.Disks.SelectMany(
            d => d.Partitions.Index().Where(p => p.Item.VolumeGroup == group.Name),
            (d, p) => Device(d, p.Index));
        return [new VolumeGroup(group.Name, [.. devices]), .. group.Volumes.Select(v => new LogicalVolume(group.Name, v.Name, v.SizeMiB))];
    }

    private static IEnumerable<(string Device, FilesystemSpec Spec)> Filesystems(StorageSpec storage)
    {
        var partitions = storage.Disks.SelectMany(d => d.Partitions.Index(), (d, p) => (Device: Device(d, p.Index), Spec: p.Item.Filesystem));
        var volumes = storage.VolumeGroups.SelectMany(g => g.Volumes, (g, v) => (Device: $"lv:{g.Name}/{v.Name}", Spec: (FilesystemSpec?)v.Filesystem));
        return partitions.Concat(volumes).Where(f => f.Spec is not null).Select(f => (f.Device, f.Spec!));
    }

    /// <summary>A path before what lies below it; swap last.</summary>
    private static IEnumerable<Mount> Mounts(StorageSpec storage) =>
        from filesystem in Filesystems(storage)
        let spec = filesystem.Spec
        where spec.MountPoint is not null || spec.Type == "swap"
        orderby spec.MountPoint is null, spec.MountPoint?.Count(c => c == '/' && spec.MountPoint.Length > 1), spec.MountPoint
        select new Mount(filesystem.Device, spec.MountPoint ?? "none", spec.Options ?? DefaultOptions(spec));

    private static string DefaultOptions(FilesystemSpec filesystem) => filesystem switch
    {
        { Type: "swap" } => "sw",
        { Type: "ext4", MountPoint: "/" } => "errors=remount-ro",

        // FAT has no owners: only root shall write boot loaders.
        { Type: "vfat" } => "umask=0077",
        _ => "defaults",
    };

    private static string Device(DiskSpec disk, int index) => string.Create(CultureInfo.InvariantCulture, $"disk:{disk.Name}:{index + 1}");
}
