using System.Collections.Immutable;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Targets.Plans;

namespace NetDeploy.Core.Targets.Preseed;

/// <summary>What of a recipe Debian's installer cannot do, and no step behind it either: found before a grant, at its YAML position.</summary>
internal static class PreseedCheck
{
    /// <summary>The releases whose questions these answers were made for.</summary>
    private static readonly string[] Releases = ["bookworm", "trixie"];

    /// <summary>What partman's recipes know (partman-auto-recipe.txt, <c>/lib/partman/mountoptions</c>).</summary>
    private static readonly HashSet<string> MountOptions =
        ["noatime", "nodiratime", "relatime", "nodev", "nosuid", "noexec", "ro", "sync", "usrquota", "grpquota", "user_xattr", "acl", "discard"];

    private const string Elsewhere = "Take --method image.";

    public static ImmutableArray<Diagnostic> Run(Recipe recipe)
    {
        var found = PlanCheck.Run(recipe).ToBuilder();
        if (!Releases.Contains(recipe.Distro.Release))
        {
            Error("distro", $"the answers were made for {string.Join(" and ", Releases)}, not for '{recipe.Distro.Release}'.", Elsewhere);
        }
        else if (recipe.Distro.InstallerPackage is null)
        {
            Error("distro", $"the distro {recipe.Distro.Name} does not say which package holds its installer.", "Add installer: {package: debian-installer-13-netboot-amd64} to its document.");
        }

        CheckMirror(recipe, Error);
        CheckKeys(recipe, Error);
        CheckStorage(recipe.System.Storage, Error);

        // What it would swallow costs a disk: said before a grant, not when a machine asks for its answers. Of a layout that is refused there is no recipe.
        if (!found.Any(d => d.Severity == Severity.Error) && PartmanRecipeCheck.Mistake(PartmanRecipe.Of(recipe.System.Storage)) is { } mistake)
        {
            Error("system.storage", $"partman would misread its recipe: {mistake}.", "Take --method image, and report this layout.");
        }

        return found.ToImmutable();

        void Error(string path, string message, string remedy) => found.Add(recipe.At(path, Severity.Error, message, remedy));
    }

    private static void CheckMirror(Recipe recipe, Action<string, string, string> error)
    {
        if (PreseedAnswers.Main(recipe) is not { } main)
        {
            error("system.repositories", $"no repository has suite {recipe.Distro.Release} and component main: the base system comes from there.", "Add it; the distro's document brings it.");
        }
        else if (!main.Uri.StartsWith("http://", StringComparison.Ordinal))
        {
            error($"system.repositories[{main.Name}]", "the installer's own downloader speaks http alone.", "Name an http mirror (all files are signed), or take --method image.");
        }
    }

    /// <summary>apt-setup fetches a key from an address, and takes a repository without one for trusted, or asks.</summary>
    private static void CheckKeys(Recipe recipe, Action<string, string, string> error)
    {
        foreach (var repository in recipe.System.Repositories.Where(r => r.Key is not null))
        {
            error($"system.repositories[{repository.Name}].key", "the installer takes no key that is not at an address of its own.", Elsewhere);
        }
    }

    private static void CheckStorage(StorageSpec storage, Action<string, string, string> error)
    {
        if (storage.Disks.Length > 1)
        {
            error($"system.storage.disks[{storage.Disks[1].WrittenAs}]", "the installer partitions one disk alone.", Elsewhere);
            return;
        }

        // Its passphrase would be an answer, and the installer's log holds each of those.
        foreach (var device in StorageDevice.Of(storage).Where(d => d.Encryption is not null))
        {
            error($"{device.Path}.encryption", "the installer would write the passphrase into its log.", Elsewhere);
        }

        foreach (var array in storage.Raid)
        {
            error($"system.storage.raid[{array.Name}]", "the installer makes arrays of whole sets of disks alone, and leaves the boot loader on one of them.", Elsewhere);
        }

        foreach (var device in StorageDevice.Of(storage).Where(d => d.Filesystem is { Subvolumes.IsEmpty: false }))
        {
            error($"{device.Path}.subvolumes", "the installer makes no subvolumes of its own.", Elsewhere);
        }

        foreach (var disk in storage.Disks)
        {
            foreach (var partition in disk.Partitions)
            {
                var path = $"system.storage.disks[{disk.Name}].partitions[{partition.Name}]";
                CheckFilesystem(path, partition.Filesystem, error);
                if (partition.Type == PartitionType.Linux && partition.Filesystem is { MountPoint: null } and not { Type: "swap" })
                {
                    error(path, "partman formats only what is mounted or swap.", $"Add 'mount:', or leave its file system out. {Elsewhere}");
                }
            }
        }

        foreach (var group in storage.VolumeGroups)
        {
            foreach (var volume in group.Volumes)
            {
                CheckFilesystem($"system.storage.volumeGroups[{group.Name}].volumes[{volume.Name}]", volume.Filesystem, error);
            }
        }
    }

    private static void CheckFilesystem(string path, FilesystemSpec? filesystem, Action<string, string, string> error)
    {
        foreach (var option in (filesystem?.Options ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Where(o => !MountOptions.Contains(o)))
        {
            error(path + ".options", $"partman knows no mount option '{option}'.", $"It knows {string.Join(", ", MountOptions)}. {Elsewhere}");
        }
    }
}
