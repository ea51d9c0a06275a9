using System.Collections.Immutable;
using System.Globalization;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>Disks, partitions, volumes: read, defaults filled in, <c>simple</c> spelled out.</summary>
internal static class StorageBinder
{
    private const long MiB = 1 << 20;
    private const string SimpleDisk = "root";
    private const string EspMount = "/boot/efi";

    public static StorageSpec Read(MapCursor system, DiagnosticBag diagnostics)
    {
        var storage = system.Below("storage");
        var custom = storage.Text("layout") == "custom" || (!storage.Has("layout") && storage.Has("disks"));
        foreach (var key in custom ? ["select", "filesystem", "swap"] : (string[])["disks", "raid", "volumeGroups"])
        {
            if (storage.Has(key))
            {
                var remedy = custom ? "Remove it: a custom layout says it for each disk." : "Say layout: custom, or remove it.";
                diagnostics.Error(storage.OriginOf(key), storage.PathOf(key), $"'{key}' does not go with layout {(custom ? "custom" : "simple")}.", remedy);
            }
        }

        var read = custom ? ReadCustom(storage, diagnostics) : Simple(storage, diagnostics);
        StorageCheck.Run(storage, read, diagnostics);
        return read;
    }

    /// <summary>
    /// One disk, GPT: 1 MiB for GRUB's core image, an EFI system partition of 256 MiB, swap where asked for, root on the
    /// rest. So the same disk boots in BIOS and in UEFI mode.
    /// </summary>
    private static StorageSpec Simple(MapCursor storage, DiagnosticBag diagnostics)
    {
        var partitions = ImmutableArray.CreateBuilder<PartitionSpec>();
        partitions.Add(new() { Name = "bios", Type = PartitionType.BiosBoot, SizeMiB = 1 });
        partitions.Add(new() { Name = "esp", Type = PartitionType.Esp, SizeMiB = 256, Filesystem = new("vfat", "ESP", EspMount, null) });
        if (storage.Size("swap") is { } swap)
        {
            partitions.Add(new() { Name = "swap", Type = PartitionType.Swap, SizeMiB = ToMiB(swap), Filesystem = new("swap", "swap", null, null) });
        }

        partitions.Add(new() { Name = "root", Type = PartitionType.Linux, SizeMiB = 0, Filesystem = new(storage.Text("filesystem") ?? "ext4", "root", "/", null) });
        return new() { Disks = [new(SimpleDisk, ReadSelector(storage.Below("select"), diagnostics), partitions.ToImmutable())] };
    }

    private static StorageSpec ReadCustom(MapCursor storage, DiagnosticBag diagnostics) => new()
    {
        Disks = FirstEspAlone([.. storage.Items("disks").SelectMany(d => ReadDisks(d, diagnostics))]),
        Raid =
        [
            .. storage.Items("raid").Select(a => new RaidSpec(a.Text("name")!, (RaidLevel)(a.Number("level") ?? (int)RaidLevel.Mirrored))
            {
                Filesystem = ReadFilesystem(a),
                VolumeGroup = a.Text("volumeGroup"),
                Encryption = EncryptionBinder.Read(a, diagnostics),
            }),
        ],
        VolumeGroups =
        [
            .. storage.Items("volumeGroups").Select(g => new VolumeGroupSpec(
                g.Text("name")!,
                [
                    .. g.Items("volumes").Select(v => new VolumeSpec(v.Text("name")!, ReadSize(v, diagnostics), ReadFilesystem(v) ?? new("ext4", "", null, null))
                    {
                        Encryption = EncryptionBinder.Read(v, diagnostics),
                    }),
                ])),
        ],
    };

    /// <summary>One disk, or each of a set.</summary>
    private static IEnumerable<DiskSpec> ReadDisks(MapCursor disk, DiagnosticBag diagnostics)
    {
        var one = new DiskSpec(
            disk.Text("name")!,
            ReadSelector(disk.Below("select"), diagnostics),
            [.. disk.Items("partitions").Select(p => ReadPartition(p, diagnostics))]);
        return disk.Number("count") is { } count
            ? Enumerable.Range(1, count).Select(n => one with { Name = string.Create(CultureInfo.InvariantCulture, $"{one.Name}-{n}"), Set = new(one.Name, count) })
            : [one];
    }

    /// <summary>Firmware starts from the EFI system partition of any disk, and one is mounted: the first. The others are its copies.</summary>
    private static ImmutableArray<DiskSpec> FirstEspAlone(ImmutableArray<DiskSpec> disks)
    {
        var first = disks.FirstOrDefault(d => d.Partitions.Any(p => p.Type == PartitionType.Esp));
        return [.. disks.Select(d => d == first ? d : d with { Partitions = [.. d.Partitions.Select(p => Copy(d, p))] })];

        static PartitionSpec Copy(DiskSpec disk, PartitionSpec partition) =>
            partition is { Type: PartitionType.Esp, Filesystem: { } esp } && esp.MountPoint == EspMount
                ? partition with { Filesystem = esp with { MountPoint = null } }
                : partition;
    }

    private static PartitionSpec ReadPartition(MapCursor partition, DiagnosticBag diagnostics)
    {
        var (group, array) = (partition.Text("volumeGroup"), partition.Text("raid"));
        var type = partition.Text("type") switch
        {
            "bios-boot" => PartitionType.BiosBoot,
            "esp" => PartitionType.Esp,
            "lvm" => PartitionType.Lvm,
            "swap" => PartitionType.Swap,
            "linux" => PartitionType.Linux,
            "raid" => PartitionType.Raid,
            _ => array is not null ? PartitionType.Raid : group is not null ? PartitionType.Lvm : partition.Text("filesystem") == "swap" ? PartitionType.Swap : PartitionType.Linux,
        };
        var written = ReadFilesystem(partition);
        return new()
        {
            Name = partition.Text("name")!,
            Type = type,
            SizeMiB = ReadSize(partition, diagnostics),
            VolumeGroup = group,
            Raid = array,
            Encryption = EncryptionBinder.Read(partition, diagnostics),
            Filesystem = type switch
            {
                PartitionType.Esp =>
                    new(partition.Text("filesystem") ?? "vfat", partition.Text("label") ?? "ESP", partition.Text("mount") ?? EspMount, written?.Options),
                PartitionType.Swap when written is null => new("swap", "", null, null),
                _ => written,
            },
        };
    }

    private static FilesystemSpec? ReadFilesystem(MapCursor device)
    {
        if (!device.Has("filesystem") && !device.Has("mount") && !device.Has("subvolumes"))
        {
            return null;
        }

        return new(device.Text("filesystem") ?? (device.Has("subvolumes") ? "btrfs" : "ext4"), device.Text("label") ?? "", device.Text("mount"), device.Text("options"))
        {
            Subvolumes = [.. device.Items("subvolumes").Select(s => new SubvolumeSpec(s.Text("name")!, s.Text("mount"), s.Text("options")))],
        };
    }

    private static long ReadSize(MapCursor device, DiagnosticBag diagnostics)
    {
        switch (device.Text("size"))
        {
            case "rest":
                return 0;
            case null:
                diagnostics.Error(device.At, device.PathOf("size"), "the size is missing.", "Write a size such as 8GiB, or rest.");
                return 0;
            default:
                return ToMiB(device.Size("size")!.Value);
        }
    }

    private static DiskSelector ReadSelector(MapCursor select, DiagnosticBag diagnostics)
    {
        var selector = new DiskSelector
        {
            MinSize = select.Size("minSize"),
            MaxSize = select.Size("maxSize"),
            Bus = select.Text("bus"),
            Wwn = select.Text("wwn"),
            Serial = select.Text("serial"),
            Model = select.Text("model"),
        };
        if (selector.MinSize > selector.MaxSize)
        {
            diagnostics.Error(select.OriginOf("minSize"), select.PathOf("minSize"), "the smallest size is above the largest: no disk fits.", "Exchange minSize and maxSize.");
        }

        return selector;
    }

    /// <summary>Rounded up: nobody gets less than asked for.</summary>
    private static long ToMiB(long bytes) => (bytes + MiB - 1) / MiB;
}
