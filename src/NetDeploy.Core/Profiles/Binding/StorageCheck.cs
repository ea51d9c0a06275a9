using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>What must hold in a layout. Installers accept much of this and do something else, or fail when the disk is already empty.</summary>
internal static class StorageCheck
{
    private const int MaxPartitions = 128;

    public static void Run(MapCursor storage, StorageSpec spec, DiagnosticBag diagnostics)
    {
        if (spec.Disks.Length == 0)
        {
            diagnostics.Error(storage.At, storage.Path, "the layout has no disk.", "Add 'disks:', or write storage: simple.");
            return;
        }

        var places = new StoragePlaces(storage);
        foreach (var disk in spec.Disks.DistinctBy(d => d.WrittenAs))
        {
            CheckDisk(disk, places, spec, diagnostics);
        }

        StorageDevice[] devices = [.. StorageDevice.Of(spec)];
        foreach (var device in devices.DistinctBy(d => d.Path))
        {
            CheckDevice(device, places[device], spec, diagnostics);
        }

        foreach (var group in spec.VolumeGroups)
        {
            CheckGroup(group, spec, places, devices, diagnostics);
        }

        RaidCheck.Run(spec, places, devices, diagnostics);
        MountCheck.Run(storage, places, devices, diagnostics);
        EncryptionCheck.Run(places, devices, diagnostics);
    }

    private static void CheckDisk(DiskSpec disk, StoragePlaces places, StorageSpec spec, DiagnosticBag diagnostics)
    {
        var place = places[disk];
        if (disk.Partitions.Length is 0 or > MaxPartitions)
        {
            diagnostics.Error(place.At, place.Path, $"the disk has {disk.Partitions.Length} partitions; a GPT holds 1 to {MaxPartitions}.", "List its partitions under 'partitions:'; more file systems fit into a volume group.");
        }

        if (disk.Selector == new DiskSelector() && spec.Disks.Any(d => d.WrittenAs != disk.WrittenAs))
        {
            diagnostics.Error(place.At, place.PathOf("select"), "with several disks each needs a selector: one that fits all disks fits several.", "Add 'select:' with serial, wwn, bus, model or sizes.");
        }

        if (spec.Disks.FirstOrDefault(d => d.Name == disk.WrittenAs && d.Set is not null) is { Set: { } set })
        {
            diagnostics.Error(place.At, place.Path, $"'{disk.WrittenAs}' is what a disk of the set '{set.Name}' is called.", "Take another name.");
        }

        foreach (var (partition, at, last) in disk.Partitions.Select((p, i) => (p, places.Partition(disk, p), i == disk.Partitions.Length - 1)))
        {
            if (partition.SizeMiB == 0 && !last)
            {
                diagnostics.Error(at.OriginOf("size"), at.PathOf("size"), "only the last partition of a disk can take the rest.", "Give it a size, or move it to the end.");
            }

            if (Mistake(partition) is var (wrong, remedy))
            {
                diagnostics.Error(at.At, at.Path, wrong, remedy);
            }
        }
    }

    /// <summary>What a partition's own keys contradict each other in, and the remedy.</summary>
    private static (string Message, string Remedy)? Mistake(PartitionSpec partition) => partition switch
    {
        { Type: PartitionType.Esp, Raid: not null } =>
            ("an EFI system partition is no member of an array: firmware writes to it, and reads no array.", "Remove 'raid'. Each disk has its own, and they are kept equal."),
        { Type: PartitionType.Lvm, VolumeGroup: null } => ("an LVM partition names its volume group.", "Add 'volumeGroup:'."),
        { Type: not PartitionType.Lvm, VolumeGroup: not null } => ("only a partition of type lvm belongs to a volume group.", "Write type: lvm, or remove 'volumeGroup'."),
        { Type: PartitionType.Raid, Raid: null } => ("a RAID partition names its array.", "Add 'raid:'."),
        { Type: not PartitionType.Raid, Raid: not null } => ("only a partition of type raid is a member of an array.", "Write type: raid, or remove 'raid'."),
        { Type: PartitionType.Lvm or PartitionType.Raid or PartitionType.BiosBoot, Filesystem: not null } =>
            ("a partition of this type has no file system of its own.", "Remove 'filesystem' and 'mount'."),
        { Type: PartitionType.Raid, Encryption: not null } => ("a member of an array is not encrypted by itself.", "Move 'encryption' to the array."),
        { Type: PartitionType.Esp or PartitionType.BiosBoot, Encryption: not null } => ("firmware starts from this partition, and opens nothing.", "Remove 'encryption'."),
        { Type: PartitionType.Esp, Filesystem.Type: not "vfat" } => ("an EFI system partition is vfat: firmware reads nothing else.", "Write filesystem: vfat, or leave it out."),
        { Type: PartitionType.Swap, Filesystem.Type: not "swap" } => ("a swap partition is formatted as swap.", "Write filesystem: swap, or another type."),
        { Type: PartitionType.BiosBoot, SizeMiB: not 1 } => ("GRUB's core needs 1 MiB, no more and no less.", "Write size: 1MiB."),
        { Type: PartitionType.Esp, SizeMiB: > 0 and < 33 } => ("FAT32 on an EFI system partition needs at least 33 MiB.", "Write size: 256MiB."),
        _ => null,
    };

    private static void CheckDevice(StorageDevice device, MapCursor place, StorageSpec spec, DiagnosticBag diagnostics)
    {
        if (device.Raid is { } array && spec.Raid.All(a => a.Name != array))
        {
            diagnostics.Error(place.OriginOf("raid"), place.PathOf("raid"), $"there is no array '{array}'.", Spelling.Remedy(array, spec.Raid.Select(a => a.Name)));
        }

        if (device.VolumeGroup is { } group && spec.VolumeGroups.All(g => g.Name != group))
        {
            diagnostics.Error(place.OriginOf("volumeGroup"), place.PathOf("volumeGroup"), $"there is no volume group '{group}'.", Spelling.Remedy(group, spec.VolumeGroups.Select(g => g.Name)));
        }

        if (device.Filesystem is { Type: not "btrfs", Subvolumes.Length: > 0 } filesystem)
        {
            diagnostics.Error(place.OriginOf("subvolumes"), place.PathOf("subvolumes"), $"{filesystem.Type} has no subvolumes.", "Write filesystem: btrfs, or remove them.");
        }
    }

    private static void CheckGroup(VolumeGroupSpec group, StorageSpec spec, StoragePlaces places, StorageDevice[] devices, DiagnosticBag diagnostics)
    {
        var place = places[group];
        if (devices.All(d => d.VolumeGroup != group.Name))
        {
            diagnostics.Error(place.At, place.Path, "no partition and no array belongs to this volume group.", $"Add a partition with volumeGroup: {group.Name}.");
        }

        else if (StorageSizes.RoomOfGroup(spec, group) is { } room && StorageSizes.OfGroup(group) > room)
        {
            diagnostics.Error(place.At, place.Path, $"its volumes need {StorageSizes.OfGroup(group)} MiB, and its partitions and arrays have {room} MiB for them.", "Make a volume smaller or a partition larger.");
        }

        foreach (var (volume, device) in group.Volumes.SkipLast(1).Zip(devices.Where(d => d.In == group.Name)).Where(v => v.First.SizeMiB == 0))
        {
            var at = places[device];
            diagnostics.Error(at.OriginOf("size"), at.PathOf("size"), "only the last volume of a group can take the rest.", "Give it a size, or move it to the end.");
        }
    }
}
