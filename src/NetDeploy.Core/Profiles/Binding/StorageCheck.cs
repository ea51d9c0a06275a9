using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>What must hold in a layout. Installers accept much of this and do something else, or fail when the disk is already empty.</summary>
internal static class StorageCheck
{
    private const int MaxPartitions = 128;

    public static void Run(MapCursor storage, StorageSpec spec, DiagnosticBag diagnostics)
    {
        foreach (var (disk, cursor) in Zip(spec.Disks, storage.Items("disks")))
        {
            CheckDisk(disk, cursor ?? storage, spec, diagnostics);
        }

        foreach (var (group, cursor) in Zip(spec.VolumeGroups, storage.Items("volumeGroups")))
        {
            CheckGroup(group, cursor ?? storage, spec, diagnostics);
        }

        if (spec.Disks.Length == 0)
        {
            diagnostics.Error(storage.At, storage.Path, "the layout has no disk.", "Add 'disks:', or write storage: simple.");
            return;
        }

        CheckMounts(storage, spec, diagnostics);
    }

    private static void CheckDisk(DiskSpec disk, MapCursor cursor, StorageSpec spec, DiagnosticBag diagnostics)
    {
        if (disk.Partitions.Length is 0 or > MaxPartitions)
        {
            diagnostics.Error(cursor.At, cursor.Path, $"the disk has {disk.Partitions.Length} partitions; a GPT holds 1 to {MaxPartitions}.", "List its partitions under 'partitions:'; more file systems fit into a volume group.");
        }

        if (disk.Selector.MinSize is null && spec.Disks.Length > 1 && disk.Selector == new DiskSelector())
        {
            diagnostics.Error(cursor.At, cursor.PathOf("select"), "with several disks each needs a selector: one that fits all disks fits several.", "Add 'select:' with serial, wwn, bus, model or sizes.");
        }

        foreach (var ((partition, index), at) in Zip(disk.Partitions.Index().Select(p => (p.Item, p.Index)), cursor.Items("partitions")))
        {
            var place = at ?? cursor;
            var last = index == disk.Partitions.Length - 1;
            if (partition.SizeMiB == 0 && !last)
            {
                diagnostics.Error(place.OriginOf("size"), place.PathOf("size"), "only the last partition of a disk can take the rest.", "Give it a size, or move it to the end.");
            }

            if (Mistake(partition) is var (wrong, remedy))
            {
                diagnostics.Error(place.At, place.Path, wrong, remedy);
            }

            if (partition.VolumeGroup is { } group && spec.VolumeGroups.All(g => g.Name != group))
            {
                diagnostics.Error(place.OriginOf("volumeGroup"), place.PathOf("volumeGroup"), $"there is no volume group '{group}'.", Spelling.Remedy(group, spec.VolumeGroups.Select(g => g.Name)));
            }
        }
    }

    /// <summary>What a partition's own keys contradict each other in, and the remedy.</summary>
    private static (string Message, string Remedy)? Mistake(PartitionSpec partition) => partition switch
    {
        { Type: PartitionType.Lvm, VolumeGroup: null } => ("an LVM partition names its volume group.", "Add 'volumeGroup:'."),
        { Type: not PartitionType.Lvm, VolumeGroup: not null } => ("only a partition of type lvm belongs to a volume group.", "Write type: lvm, or remove 'volumeGroup'."),
        { Type: PartitionType.Lvm or PartitionType.BiosBoot, Filesystem: not null } =>
            ("a partition of this type has no file system of its own.", "Remove 'filesystem' and 'mount'."),
        { Type: PartitionType.Esp, Filesystem.Type: not "vfat" } => ("an EFI system partition is vfat: firmware reads nothing else.", "Write filesystem: vfat, or leave it out."),
        { Type: PartitionType.Swap, Filesystem.Type: not "swap" } => ("a swap partition is formatted as swap.", "Write filesystem: swap, or another type."),
        { Type: PartitionType.BiosBoot, SizeMiB: not 1 } => ("GRUB's core needs 1 MiB, no more and no less.", "Write size: 1MiB."),
        { Type: PartitionType.Esp, SizeMiB: > 0 and < 33 } => ("FAT32 on an EFI system partition needs at least 33 MiB.", "Write size: 256MiB."),
        _ => null,
    };

    private static void CheckGroup(VolumeGroupSpec group, MapCursor cursor, StorageSpec spec, DiagnosticBag diagnostics)
    {
        if (!spec.Disks.Any(d => d.Partitions.Any(p => p.VolumeGroup == group.Name)))
        {
            diagnostics.Error(cursor.At, cursor.Path, "no partition belongs to this volume group.", $"Add a partition with volumeGroup: {group.Name}.");
        }

        foreach (var ((volume, index), at) in Zip(group.Volumes.Index().Select(v => (v.Item, v.Index)), cursor.Items("volumes")))
        {
            if (volume.SizeMiB == 0 && index < group.Volumes.Length - 1)
            {
                diagnostics.Error((at ?? cursor).OriginOf("size"), (at ?? cursor).PathOf("size"), "only the last volume of a group can take the rest.", "Give it a size, or move it to the end.");
            }
        }
    }

    private static void CheckMounts(MapCursor storage, StorageSpec spec, DiagnosticBag diagnostics)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (device, filesystem) in Filesystems(storage, spec))
        {
            if (filesystem is { Type: "swap", MountPoint: not null })
            {
                diagnostics.Error(device.OriginOf("mount"), device.PathOf("mount"), "swap is not mounted.", "Remove 'mount'.");
            }
            else if (filesystem.MountPoint is { } mount && !seen.TryAdd(mount, device.Path))
            {
                diagnostics.Error(device.OriginOf("mount"), device.PathOf("mount"), $"{mount} is also the mount point of {seen[mount]}.", "Each mount point has one file system.");
            }
            else if (filesystem is { Type: "vfat", MountPoint: "/" })
            {
                diagnostics.Error(device.OriginOf("filesystem"), device.PathOf("filesystem"), "vfat cannot hold a root file system.", "Take ext4 or xfs.");
            }
        }

        if (!seen.ContainsKey("/"))
        {
            diagnostics.Error(storage.At, storage.Path, "nothing is mounted at /.", "Give one partition or volume 'mount: /'.");
        }
    }

    private static IEnumerable<(MapCursor Device, FilesystemSpec Filesystem)> Filesystems(MapCursor storage, StorageSpec spec)
    {
        foreach (var (disk, cursor) in Zip(spec.Disks, storage.Items("disks")))
        {
            foreach (var (partition, at) in Zip(disk.Partitions, (cursor ?? storage).Items("partitions")))
            {
                if (partition.Filesystem is { } filesystem)
                {
                    yield return (at ?? storage, filesystem);
                }
            }
        }

        foreach (var (group, cursor) in Zip(spec.VolumeGroups, storage.Items("volumeGroups")))
        {
            foreach (var (volume, at) in Zip(group.Volumes, (cursor ?? storage).Items("volumes")))
            {
                yield return (at ?? storage, volume.Filesystem);
            }
        }
    }

    /// <summary>Each thing with the place it was written at; null where a default made it.</summary>
    private static IEnumerable<(T Item, MapCursor? Place)> Zip<T>(IEnumerable<T> items, IEnumerable<MapCursor> places)
    {
        using var place = places.GetEnumerator();
        foreach (var item in items)
        {
            yield return (item, place.MoveNext() ? place.Current : null);
        }
    }
}
