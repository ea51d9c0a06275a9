using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>What must hold where a layout is encrypted.</summary>
internal static class EncryptionCheck
{
    public static void Run(StoragePlaces places, StorageDevice[] devices, DiagnosticBag diagnostics)
    {
        foreach (var device in devices.Where(d => d.Encryption is not null).DistinctBy(d => d.Path))
        {
            var place = places[device].Below("encryption");
            if (device is { Filesystem: null, VolumeGroup: null, Raid: null })
            {
                diagnostics.Error(place.At, place.Path, "nothing lies on this device to be encrypted.", "Add 'filesystem:' or 'volumeGroup:', or remove it.");
            }

            if (device.Encryption!.Unlock == UnlockMethod.Console)
            {
                diagnostics.Warning(place.OriginOf("unlock"), place.PathOf("unlock"), "the machine waits at each start until a person types the passphrase: it is not hands-off.", "Write unlock: tpm2 or unlock: tang.");
            }
        }

        CheckBoot(places, devices, diagnostics);
    }

    /// <summary>A machine without any network reaches no Tang server.</summary>
    public static void CheckNetwork(MapCursor storage, SystemSpec system, DiagnosticBag diagnostics)
    {
        if (system.Nics.Length == 0 || system.Nics.Any(n => n.Dhcp || n.Addresses.Length > 0))
        {
            return;
        }

        var places = new StoragePlaces(storage);
        foreach (var device in StorageDevice.Of(system.Storage).Where(d => d.Encryption is { Unlock: UnlockMethod.Tang }).DistinctBy(d => d.Path))
        {
            var place = places[device].Below("encryption");
            diagnostics.Error(place.OriginOf("unlock"), place.PathOf("unlock"), "no NIC of this machine has an address: it never reaches the Tang server.", "Give a NIC dhcp: true or addresses, or write unlock: tpm2.");
        }
    }

    /// <summary>GRUB reads kernel and initramfs before anything is unlocked; what it could open, it would ask a person for.</summary>
    private static void CheckBoot(StoragePlaces places, StorageDevice[] devices, DiagnosticBag diagnostics)
    {
        var boot = devices.FirstOrDefault(d => IsMountedAt(d, "/boot")) ?? devices.FirstOrDefault(d => IsMountedAt(d, "/"));
        if (boot is null)
        {
            return;
        }

        StorageDevice[] below = [boot, .. devices.Where(d => boot.In is { } group && d.VolumeGroup == group)];
        foreach (var encrypted in below.Where(d => d.Encryption is not null).DistinctBy(d => d.Path))
        {
            var place = places[encrypted].Below("encryption");
            diagnostics.Error(place.At, place.Path, "/boot lies on it, and GRUB reads that before anything is unlocked.", "Give /boot a partition or an array of its own, such as {name: boot, size: 1GiB, mount: /boot}.");
        }
    }

    private static bool IsMountedAt(StorageDevice device, string path) =>
        device.Filesystem is { } filesystem && (filesystem.MountPoint == path || filesystem.Subvolumes.Any(s => s.MountPoint == path));
}
