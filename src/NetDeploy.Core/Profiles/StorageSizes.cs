namespace NetDeploy.Core.Profiles;

/// <summary>How much room a layout needs: known before a disk is touched.</summary>
public static class StorageSizes
{
    /// <summary>Both copies of a GPT with the alignment to whole MiB.</summary>
    private const long PartitionTable = 2;

    /// <summary>The header of LUKS 2, as cryptsetup makes it.</summary>
    private const long LuksHeader = 16;

    /// <summary>A physical volume's metadata; volumes are whole extents behind it.</summary>
    private const long VolumeMetadata = 1;
    private const long Extent = 4;

    /// <summary>What "the rest" must be at least where nothing says more: the smallest that file systems are made on.</summary>
    private const long LeastRest = 16;

    /// <summary>md keeps 1/1024 of a member free before its data, at most 128 MiB.</summary>
    private const long MostRaidHeader = 129;

    /// <summary>MiB that a disk must have for its partitions and what lies on them.</summary>
    public static long OfDisk(StorageSpec storage, DiskSpec disk) =>
        PartitionTable + disk.Partitions.Sum(p => p.SizeMiB > 0 ? p.SizeMiB : Content(storage, p));

    /// <summary>MiB that the volumes of a group take; what takes the rest counts as little.</summary>
    public static long OfGroup(VolumeGroupSpec group) =>
        group.Volumes.Sum(v => v.SizeMiB > 0 ? WholeExtents(v.SizeMiB) : Extent);

    /// <summary>MiB that a group has on partitions of known size; null where one takes the rest.</summary>
    public static long? RoomOfGroup(StorageSpec storage, VolumeGroupSpec group)
    {
        var partitions = storage.Disks.SelectMany(d => d.Partitions).Where(p => p.VolumeGroup == group.Name).Select(p => Room(p.SizeMiB, p.Encryption));
        var arrays = storage.Raid.Where(a => a.VolumeGroup == group.Name).Select(a => RoomOfArray(storage, a) is { } room ? Room(room, a.Encryption) : null);
        long? sum = 0;
        foreach (var room in partitions.Concat(arrays))
        {
            sum += room;
        }

        return sum;
    }

    /// <summary>What an array makes of so many members, as a multiple of the smallest.</summary>
    private static long Members(RaidLevel level, long count) => level switch
    {
        RaidLevel.Mirrored => 1,
        RaidLevel.Parity => count - 1,
        RaidLevel.DoubleParity => count - 2,
        RaidLevel.MirroredStripes => count / 2,
        _ => count,
    };

    private static long? RoomOfArray(StorageSpec storage, RaidSpec array)
    {
        var members = MembersOf(storage, array).Select(p => p.SizeMiB).ToArray();
        return members.Length == 0 || members.Contains(0) ? null : Members(array.Level, members.Length) * (members.Min() - RaidHeader(members.Min()));
    }

    private static PartitionSpec[] MembersOf(StorageSpec storage, RaidSpec array) =>
        [.. storage.Disks.SelectMany(d => d.Partitions).Where(p => p.Raid == array.Name)];

    private static long? Room(long size, EncryptionSpec? encryption) =>
        size == 0 ? null : (size - VolumeMetadata - (encryption is null ? 0 : LuksHeader)) / Extent * Extent;

    /// <summary>The least that a partition without a size must have.</summary>
    private static long Content(StorageSpec storage, PartitionSpec partition)
    {
        var content = partition switch
        {
            { Raid: { } name } when storage.Raid.FirstOrDefault(a => a.Name == name) is { } array => OfMember(storage, array),
            { VolumeGroup: { } name } => OfVolumes(storage, name),
            _ => LeastRest,
        };
        return Math.Max(content, LeastRest) + (partition.Encryption is null ? 0 : LuksHeader);
    }

    private static long OfMember(StorageSpec storage, RaidSpec array)
    {
        var members = MembersOf(storage, array).Length;
        var content = (array.VolumeGroup is { } group ? OfVolumes(storage, group) : LeastRest) + (array.Encryption is null ? 0 : LuksHeader);
        var share = (content + Members(array.Level, members) - 1) / Members(array.Level, members);
        return share + RaidHeader(share);
    }

    /// <summary>What a group's volumes need of one of its devices: all, where it is the only one of unknown size.</summary>
    private static long OfVolumes(StorageSpec storage, string name)
    {
        var devices = storage.Disks.SelectMany(d => d.Partitions).Count(p => p.VolumeGroup == name) + storage.Raid.Count(a => a.VolumeGroup == name);
        return devices == 1 && storage.VolumeGroups.FirstOrDefault(g => g.Name == name) is { } group ? VolumeMetadata + OfGroup(group) : LeastRest;
    }

    private static long RaidHeader(long member) => Math.Min(MostRaidHeader, (member / 1024) + 1);

    private static long WholeExtents(long size) => (size + Extent - 1) / Extent * Extent;
}
