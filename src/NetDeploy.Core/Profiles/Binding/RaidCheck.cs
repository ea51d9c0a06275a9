using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>What must hold for an array: enough members, each on its own disk, and something on top.</summary>
internal static class RaidCheck
{
    public static void Run(StorageSpec spec, StoragePlaces places, StorageDevice[] devices, DiagnosticBag diagnostics)
    {
        foreach (var (array, device) in spec.Raid.Zip(devices.Where(d => d.Id.StartsWith("raid:", StringComparison.Ordinal))))
        {
            var place = places[device];
            if (!place.Has("level"))
            {
                diagnostics.Error(place.At, place.PathOf("level"), "the level is missing.", "Write level: 1 for two disks of which one may fail.");
            }

            CheckMembers(array, spec, place, diagnostics);
            CheckContent(array, place, diagnostics);
        }
    }

    /// <summary>The fewest members that a level makes sense with.</summary>
    private static int Least(RaidLevel level) => level switch
    {
        RaidLevel.Parity => 3,
        RaidLevel.DoubleParity or RaidLevel.MirroredStripes => 4,
        _ => 2,
    };

    private static void CheckMembers(RaidSpec array, StorageSpec spec, MapCursor place, DiagnosticBag diagnostics)
    {
        var disks = spec.Disks.Where(d => d.Partitions.Any(p => p.Raid == array.Name)).ToArray();
        var members = disks.Sum(d => d.Partitions.Count(p => p.Raid == array.Name));
        if (members < Least(array.Level))
        {
            diagnostics.Error(
                place.OriginOf("level"),
                place.PathOf("level"),
                $"level {(int)array.Level} needs {Least(array.Level)} members, and {(members == 0 ? "no partition is one" : $"{members} partition{(members == 1 ? " is" : "s are")}")}.",
                $"Give partitions of other disks 'raid: {array.Name}'; on a set of disks ('count:') each has one.");
        }
        else if (disks.FirstOrDefault(d => d.Partitions.Count(p => p.Raid == array.Name) > 1) is { } shared)
        {
            diagnostics.Error(place.At, place.Path, $"several of its members are on disk '{shared.WrittenAs}', and fail with it.", "Give each member a disk of its own.");
        }
    }

    private static void CheckContent(RaidSpec array, MapCursor place, DiagnosticBag diagnostics)
    {
        if (array is { Filesystem: not null, VolumeGroup: not null })
        {
            diagnostics.Error(place.At, place.Path, "an array has a file system or belongs to a volume group, not both.", "Remove one of them.");
        }
        else if (array is { Filesystem: null, VolumeGroup: null })
        {
            diagnostics.Error(place.At, place.Path, "nothing lies on this array.", "Add 'mount:' or 'volumeGroup:'.");
        }

        if (array.Filesystem is { Type: "vfat" } or { MountPoint: "/boot/efi" })
        {
            diagnostics.Error(place.At, place.Path, "an EFI system partition is no array: firmware writes to it, and reads no array.", "Give each disk a partition of type esp; they are kept equal.");
        }
    }
}
