using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>What is mounted where.</summary>
internal static class MountCheck
{
    public static void Run(MapCursor storage, StoragePlaces places, StorageDevice[] devices, DiagnosticBag diagnostics)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var device in devices)
        {
            if (device.Filesystem is not { } filesystem)
            {
                continue;
            }

            var place = places[device];
            if (filesystem is { Type: "swap", MountPoint: not null })
            {
                diagnostics.Error(place.OriginOf("mount"), place.PathOf("mount"), "swap is not mounted.", "Remove 'mount'.");
                continue;
            }

            if (filesystem is { Type: "vfat", MountPoint: "/" })
            {
                diagnostics.Error(place.OriginOf("filesystem"), place.PathOf("filesystem"), "vfat cannot hold a root file system.", "Take ext4 or xfs.");
            }

            foreach (var (mount, at) in Mounts(filesystem, place))
            {
                if (seen.TryAdd(mount, at.Path))
                {
                    continue;
                }

                var (message, remedy) = seen[mount] == at.Path
                    ? ($"each disk of the set has this partition, and {mount} is one place.", "Make them members of an array: raid: NAME.")
                    : ($"{mount} is also the mount point of {seen[mount]}.", "Each mount point has one file system.");
                diagnostics.Error(at.OriginOf("mount"), at.PathOf("mount"), message, remedy);
            }
        }

        if (!seen.ContainsKey("/"))
        {
            diagnostics.Error(storage.At, storage.Path, "nothing is mounted at /.", "Give one partition, array or volume 'mount: /'.");
        }
    }

    private static IEnumerable<(string Mount, MapCursor At)> Mounts(FilesystemSpec filesystem, MapCursor place)
    {
        if (filesystem.MountPoint is { } own)
        {
            yield return (own, place);
        }

        foreach (var (subvolume, at) in filesystem.Subvolumes.Zip(place.Items("subvolumes")))
        {
            if (subvolume.MountPoint is { } mount)
            {
                yield return (mount, at);
            }
        }
    }
}
