using System.Globalization;

namespace NetDeploy.Core.Profiles;

/// <summary>A partition, array or logical volume, and what lies on it.</summary>
/// <param name="Id">As a plan names it: <c>disk:NAME:NUMBER</c>, <c>raid:NAME</c>, <c>lv:GROUP/NAME</c>.</param>
/// <param name="Path">Where it stands in the resolved tree.</param>
public sealed record StorageDevice(string Id, string Path, FilesystemSpec? Filesystem, string? Raid, string? VolumeGroup, EncryptionSpec? Encryption)
{
    /// <summary>The volume group that it is a volume of; null for partitions and arrays.</summary>
    public string? In { get; private init; }

    /// <summary>Its name below <c>/dev/mapper</c> while it is open; only with encryption.</summary>
    public string Mapped { get; private init; } = "";

    /// <summary>The device that file system or volume group lies on: itself, or what encryption makes of it.</summary>
    public string Opened => Encryption is null ? Id : $"luks:{Mapped}";

    /// <summary>All of a layout: partitions, arrays, volumes. Disks of a set share their places in the document.</summary>
    public static IEnumerable<StorageDevice> Of(StorageSpec storage) =>
    [
        .. storage.Disks.SelectMany(d => d.Partitions.Index(), (disk, p) => OnDisk(disk, p.Index, p.Item)),
        .. storage.Raid.Select(a => new StorageDevice($"raid:{a.Name}", $"system.storage.raid[{a.Name}]", a.Filesystem, null, a.VolumeGroup, a.Encryption) { Mapped = $"{a.Name}_crypt" }),
        .. storage.VolumeGroups.SelectMany(g => g.Volumes, (group, v) => InGroup(group, v)),
    ];

    private static StorageDevice OnDisk(DiskSpec disk, int index, PartitionSpec partition) => new(
        string.Create(CultureInfo.InvariantCulture, $"disk:{disk.Name}:{index + 1}"),
        $"system.storage.disks[{disk.WrittenAs}].partitions[{partition.Name}]",
        partition.Filesystem,
        partition.Raid,
        partition.VolumeGroup,
        partition.Encryption) { Mapped = $"{disk.Name}-{partition.Name}_crypt" };

    private static StorageDevice InGroup(VolumeGroupSpec group, VolumeSpec volume) =>
        new($"lv:{group.Name}/{volume.Name}", $"system.storage.volumeGroups[{group.Name}].volumes[{volume.Name}]", volume.Filesystem, null, null, volume.Encryption)
        {
            In = group.Name,
            Mapped = $"{group.Name}-{volume.Name}_crypt",
        };
}
