using System.Collections.Immutable;
using NetDeploy.Core.Images;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>Takes from a recipe what is equal for all machines. Nothing of the machine is in reach here.</summary>
internal static class ImagePart
{
    public static ImageSpec Of(DistroSpec distro, SystemSpec system)
    {
        var packages = system.Packages.ToHashSet(StringComparer.Ordinal);
        var scripts = ImmutableArray.CreateBuilder<string>();

        // A locale takes long to generate: so once in the image, and not on each machine.
        if (distro.Family == "debian" && system.Locale != "C.UTF-8")
        {
            packages.Add("locales");
            scripts.Add($"#!/bin/sh\nset -e\necho '{system.Locale} UTF-8' >/etc/locale.gen\nlocale-gen\n");
        }

        if (distro.Family == "debian" && system.Keyboard != new KeyboardSpec("us", null))
        {
            packages.Add("console-setup");
            packages.Add("keyboard-configuration");
        }

        if (distro.Family == "debian")
        {
            packages.UnionWith(StoragePackages(system.Storage));
        }

        scripts.AddRange(system.Scripts.Where(s => s.Phase == ScriptPhase.Build).Select(s => s.Content));
        return new()
        {
            Family = distro.Family,
            Release = distro.Release,
            Architecture = distro.Architecture,
            Repositories = [.. system.Repositories.Select(r => new ImageRepository(r.Uri, r.Suite, r.Components, r.Key))],
            Packages = [.. packages.Order(StringComparer.Ordinal)],
            Scripts = scripts.ToImmutable(),
        };
    }

    /// <summary>What the installed system and its initramfs need to find its root. Which layout asks for it is all that an image tells of one.</summary>
    private static IEnumerable<string> StoragePackages(StorageSpec storage)
    {
        var devices = StorageDevice.Of(storage).ToArray();
        var unlocks = devices.Select(d => d.Encryption?.Unlock).OfType<UnlockMethod>().ToHashSet();
        IEnumerable<(bool Needed, string Package)> packages =
        [
            (storage.Raid.Length > 0, "mdadm"),
            (storage.VolumeGroups.Length > 0, "lvm2"),
            (devices.Any(d => d.Filesystem?.Type == "btrfs"), "btrfs-progs"),
            (unlocks.Count > 0, "cryptsetup-initramfs"),
            (unlocks.Any(u => u != UnlockMethod.Console), "clevis-initramfs"),
            (unlocks.Contains(UnlockMethod.Tpm2), "clevis-tpm2"),
        ];
        return packages.Where(p => p.Needed).Select(p => p.Package);
    }
}
