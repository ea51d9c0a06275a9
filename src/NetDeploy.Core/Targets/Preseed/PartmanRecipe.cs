using System.Globalization;
using System.Text;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.Preseed;

/// <summary>
/// A storage layout as a recipe of partman-auto (partman-auto-recipe.txt). Partman believes everything: an unknown file
/// system becomes ext2, a suffix makes a size two thousand times too large, a last part without its dot is dropped.
/// So sizes are bare numbers of MB, and each part is written here, whole.
/// </summary>
internal static class PartmanRecipe
{
    /// <summary>The part may grow to what is left: a maximum of -1, and a priority above all others.</summary>
    private const int RestPriority = 1_000_000;

    /// <summary>What a part that takes the rest needs at least, MB.</summary>
    private const long RestMinimum = 1000;

    /// <summary>The value of <c>partman-auto/expert_recipe</c>, on one line.</summary>
    public static string Of(StorageSpec storage)
    {
        var disk = storage.Disks[0];
        var text = new StringBuilder("netdeploy ::");
        foreach (var partition in disk.Partitions)
        {
            text.Append(' ').Append(Partition(partition, lvm: !storage.VolumeGroups.IsEmpty));
        }

        foreach (var group in storage.VolumeGroups)
        {
            foreach (var volume in group.Volumes)
            {
                text.Append(' ').Append(Sizes(volume.SizeMiB)).Append(' ').Append(FilesystemWord(volume.Filesystem))
                    .Append(" $lvmok{ } ").Append(CultureInfo.InvariantCulture, $"in_vg{{ {group.Name} }} lv_name{{ {volume.Name} }} ").Append(Use(volume.Filesystem)).Append(" .");
            }
        }

        return text.ToString();
    }

    /// <summary>MB, rounded up: a partition is never smaller than the profile says.</summary>
    public static long Megabytes(long mebibytes) => ((mebibytes << 20) + 999_999) / 1_000_000;

    private static string Partition(PartitionSpec partition, bool lvm)
    {
        // With method lvm partman lays every part without this mark into the group.
        var outside = lvm ? "$defaultignore{ } " : "";
        return partition.Type switch
        {
            // $iflabel: the part exists on a GPT only, which partman-partitioning/default_label asks for.
            PartitionType.BiosBoot => $"1 1 1 free $iflabel{{ gpt }} {outside}$reusemethod{{ }} method{{ biosgrub }} .",
            PartitionType.Esp => $"{Sizes(partition.SizeMiB)} fat32 $iflabel{{ gpt }} {outside}$reusemethod{{ }} method{{ efi }} format{{ }} .",
            PartitionType.Lvm => $"{Sizes(partition.SizeMiB)} ext4 $defaultignore{{ }} $primary{{ }} method{{ lvm }} vg_name{{ {partition.VolumeGroup} }} .",
            _ => $"{Sizes(partition.SizeMiB)} {(partition.Filesystem is { } filesystem ? FilesystemWord(filesystem) : "free")} {outside}$primary{{ }} {Use(partition.Filesystem)} .",
        };
    }

    private static string Sizes(long mebibytes)
    {
        if (mebibytes == 0)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{RestMinimum} {RestPriority} -1");
        }

        var size = Megabytes(mebibytes);
        return string.Create(CultureInfo.InvariantCulture, $"{size} {size} {size}");
    }

    private static string FilesystemWord(FilesystemSpec filesystem) => filesystem.Type switch
    {
        "swap" => "linux-swap",
        "vfat" => "fat32",
        var type => type,
    };

    private static string Use(FilesystemSpec? filesystem)
    {
        if (filesystem is null)
        {
            return "method{ keep }";
        }

        if (filesystem.Type == "swap")
        {
            return "method{ swap } format{ }";
        }

        var text = new StringBuilder($"method{{ format }} format{{ }} use_filesystem{{ }} filesystem{{ {FilesystemWord(filesystem)} }}");
        if (filesystem.Label.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" label{{ {filesystem.Label} }}");
        }

        if (filesystem.MountPoint is { } path)
        {
            text.Append(CultureInfo.InvariantCulture, $" mountpoint{{ {path} }}");
        }

        foreach (var option in (filesystem.Options ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            text.Append(CultureInfo.InvariantCulture, $" options/{option}{{ {option} }}");
        }

        return text.ToString();
    }
}
