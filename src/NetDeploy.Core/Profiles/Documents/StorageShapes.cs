using System.Collections.Immutable;
using static NetDeploy.Core.Profiles.Documents.ShapeForms;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>The part of the table that is below <c>system.storage</c>.</summary>
internal static class StorageShapes
{
    private static readonly ScalarShape Text = new("a line of text", Formats.Text);
    private static readonly ScalarShape Name = new("a name", Formats.DiskName, "Such as system.");
    private static readonly ScalarShape Size = new("a size", Formats.Size, "A number and its unit: 512MiB, 8GiB, 2TB.");
    private static readonly ScalarShape SizeOrRest = new("a size, or rest", Formats.SizeOrRest, "A number and its unit, such as 8GiB, or rest.");
    private static readonly ScalarShape MountPoint = new("a mount point", Formats.MountPoint, "Such as /srv.");
    private static readonly ScalarShape MountOptions = new("mount options", Formats.MountOptions, "Such as noatime,nodev.");
    private static readonly ScalarShape VolumeName = new("a volume name", Formats.VolumeName, "Such as vg0.");

    private static readonly MapShape Selector = Map("a disk's selector", new()
    {
        ["minSize"] = Size,
        ["maxSize"] = Size,
        ["bus"] = Word("nvme", "sata", "scsi", "virtio", "xen", "usb", "mmc"),
        ["wwn"] = Text,
        ["serial"] = Text,
        ["model"] = new ScalarShape("a shell glob on the model", Formats.ModelGlob, "Such as 'SAMSUNG MZ*'."),
    });

    private static readonly MapShape Encryption = new(
        "encryption",
        new Dictionary<string, Shape>
        {
            ["unlock"] = Word("tpm2", "tang", "console"),
            ["tang"] = Map("a Tang server", new()
            {
                ["url"] = new ScalarShape("an http or https address", Formats.HttpUrl, "Such as http://10.77.0.1:7500."),
                ["thumbprint"] = new ScalarShape("a key's thumbprint", Formats.Thumbprint, "As tang-show-keys prints it."),
                ["trust"] = new ScalarShape("true or false", Formats.Flag),
            }),
            ["tpm2"] = Map("a TPM's conditions", new()
            {
                ["pcrs"] = new ListShape("a list of registers", Number("a register's number", 0, 23)),
            }),
            ["passphrase"] = SecretReference(),
        }.ToImmutableDictionary(StringComparer.Ordinal))
    {
        Discriminator = "unlock",
    };

    private static readonly MapShape Partition = Map("a partition", Formatted(new()
    {
        ["name"] = Name,
        ["type"] = Word("bios-boot", "esp", "linux", "lvm", "swap", "raid"),
        ["size"] = SizeOrRest,
        ["raid"] = Name,
        ["volumeGroup"] = VolumeName,
    }));

    private static readonly MapShape RaidArray = Map("an array", Formatted(new()
    {
        ["name"] = Name,
        ["level"] = Word("0", "1", "5", "6", "10"),
        ["volumeGroup"] = VolumeName,
    }));

    private static readonly MapShape Volume = Map("a logical volume", Formatted(new()
    {
        ["name"] = VolumeName,
        ["size"] = SizeOrRest,
    }));

    public static ShortFormShape Storage { get; } = new(
        Word("simple"),
        new MapShape("a storage layout", new Dictionary<string, Shape>
        {
            ["layout"] = Word("simple", "custom"),
            ["select"] = Selector,
            ["filesystem"] = Word("ext4", "xfs", "btrfs"),
            ["swap"] = Size,
            ["disks"] = new ListShape("a list of disks", Map("a disk", new()
            {
                ["name"] = Name,
                ["count"] = Number("how many disks", 2, 32, "Such as 2; leave it out for one disk."),
                ["select"] = Selector,
                ["partitions"] = new ListShape("a list of partitions", Partition, "name"),
            }), "name"),
            ["raid"] = new ListShape("a list of arrays", RaidArray, "name"),
            ["volumeGroups"] = new ListShape("a list of volume groups", Map("a volume group", new()
            {
                ["name"] = VolumeName,
                ["volumes"] = new ListShape("a list of logical volumes", Volume, "name"),
            }), "name"),
        }.ToImmutableDictionary(StringComparer.Ordinal))
        {
            Discriminator = "layout",
        },
        "layout");

    /// <summary>What partitions, arrays and volumes have alike: a file system of their own, and encryption below it.</summary>
    private static Dictionary<string, Shape> Formatted(Dictionary<string, Shape> keys)
    {
        keys["filesystem"] = Word("ext4", "xfs", "btrfs", "vfat", "swap");
        keys["label"] = new ScalarShape("a label", Formats.Label, "Such as data.");
        keys["mount"] = MountPoint;
        keys["options"] = MountOptions;
        keys["subvolumes"] = new ListShape("a list of subvolumes", Map("a subvolume", new()
        {
            ["name"] = new ScalarShape("a subvolume's name", Formats.Subvolume, "Such as @home."),
            ["mount"] = MountPoint,
            ["options"] = MountOptions,
        }), "name");
        keys["encryption"] = Encryption;
        return keys;
    }
}
