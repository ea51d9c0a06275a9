using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles;

/// <summary>Disks, what is on them, and what lies on top. Always spelled out: <c>storage: simple</c> and sets of disks are expanded before.</summary>
public sealed record StorageSpec
{
    public required ImmutableArray<DiskSpec> Disks { get; init; }

    /// <summary>Software RAID; its members are the partitions that name it.</summary>
    public ImmutableArray<RaidSpec> Raid { get; init; } = [];

    public ImmutableArray<VolumeGroupSpec> VolumeGroups { get; init; } = [];
}

/// <summary>A disk under the plan's own name; which one it is, its selector says when it is seen.</summary>
public sealed record DiskSpec(string Name, DiskSelector Selector, ImmutableArray<PartitionSpec> Partitions)
{
    /// <summary>The set that this disk is one of; null: it stands alone, and its selector fits it only.</summary>
    public DiskSetSpec? Set { get; init; }

    /// <summary>The name in the document.</summary>
    public string WrittenAs => Set?.Name ?? Name;
}

/// <summary>Several disks of one layout, told by one selector that fits exactly so many.</summary>
/// <param name="Name">The disks are called <c>NAME-1</c>, <c>NAME-2</c>.</param>
public sealed record DiskSetSpec(string Name, int Count);

/// <summary>What a disk must be like. No disk is touched by a selector that fits none or several.</summary>
public sealed record DiskSelector
{
    /// <summary>Bytes.</summary>
    public long? MinSize { get; init; }

    /// <summary>Bytes.</summary>
    public long? MaxSize { get; init; }

    /// <summary>As the inventory names it: <c>nvme</c>, <c>sata</c>, <c>scsi</c> (SAS too), <c>virtio</c>, <c>xen</c>, <c>usb</c>, <c>mmc</c>.</summary>
    public string? Bus { get; init; }

    public string? Wwn { get; init; }

    public string? Serial { get; init; }

    /// <summary>A shell glob on the model's name.</summary>
    public string? Model { get; init; }
}

/// <summary>What a partition is for; its GPT type.</summary>
public enum PartitionType
{
    /// <summary>Where GRUB puts its core on a GPT disk that boots in BIOS mode.</summary>
    BiosBoot,

    /// <summary>The EFI system partition.</summary>
    Esp,
    Linux,
    Lvm,
    Swap,
    Raid,
}

/// <summary>Partitions are numbered from 1 in their order.</summary>
public sealed record PartitionSpec
{
    public required string Name { get; init; }

    public required PartitionType Type { get; init; }

    /// <summary>MiB; 0: the rest of the disk.</summary>
    public required long SizeMiB { get; init; }

    /// <summary>Of an EFI system partition without a mount point: a copy of the one that has one.</summary>
    public FilesystemSpec? Filesystem { get; init; }

    /// <summary>The array that this partition is a member of; only with type <see cref="PartitionType.Raid"/>.</summary>
    public string? Raid { get; init; }

    /// <summary>The volume group that this partition belongs to; only with type <see cref="PartitionType.Lvm"/>.</summary>
    public string? VolumeGroup { get; init; }

    /// <summary>Null: what lies on it is readable by who holds the disk.</summary>
    public EncryptionSpec? Encryption { get; init; }
}

/// <summary>The levels that both GRUB and the kernel know.</summary>
public enum RaidLevel
{
    Striped = 0,
    Mirrored = 1,
    Parity = 5,
    DoubleParity = 6,
    MirroredStripes = 10,
}

/// <summary>An array of the kernel's md. One of file system and volume group lies on it.</summary>
public sealed record RaidSpec(string Name, RaidLevel Level)
{
    public FilesystemSpec? Filesystem { get; init; }

    public string? VolumeGroup { get; init; }

    public EncryptionSpec? Encryption { get; init; }
}

public sealed record VolumeGroupSpec(string Name, ImmutableArray<VolumeSpec> Volumes);

/// <param name="SizeMiB">MiB; 0: the rest of the group.</param>
public sealed record VolumeSpec(string Name, long SizeMiB, FilesystemSpec Filesystem)
{
    public EncryptionSpec? Encryption { get; init; }
}

/// <summary>What a partition, array or volume is formatted with.</summary>
/// <param name="Type"><c>ext4</c>, <c>xfs</c>, <c>btrfs</c>, <c>vfat</c>, <c>swap</c>.</param>
/// <param name="Label">Empty: none.</param>
/// <param name="MountPoint">An absolute path; null for swap and for what is not mounted.</param>
/// <param name="Options">As in fstab; null: the target's default.</param>
public sealed record FilesystemSpec(string Type, string Label, string? MountPoint, string? Options)
{
    /// <summary>Of btrfs.</summary>
    public ImmutableArray<SubvolumeSpec> Subvolumes { get; init; } = [];
}

/// <param name="Name">A path below the file system's top, such as <c>@home</c>.</param>
/// <param name="MountPoint">Null: made, and not mounted.</param>
/// <param name="Options">As in fstab, without <c>subvol</c>; null: the target's default.</param>
public sealed record SubvolumeSpec(string Name, string? MountPoint, string? Options);
