using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Tests.Profiles;

public sealed class StorageTests
{
    private const string Boot = "{name: b, size: 1MiB, type: bios-boot}, {name: e, size: 64MiB, type: esp}";

    /// <summary>Each text is the map below <c>storage</c>; where more is wrong with it, the error is found by its path.</summary>
    [Theory]
    // Members.
    [InlineData("disks: [{name: a, partitions: [{name: p, size: rest, raid: m}]}], raid: [{name: m, level: 1, mount: /}]", "raid[m].level", "level 1 needs 2 members, and 1 partition is", "raid: m")]
    [InlineData("disks: [{name: a, partitions: [{name: p, size: rest, mount: /}]}], raid: [{name: m, level: 1, mount: /srv}]", "raid[m].level", "no partition is one", "raid: m")]
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: p, size: rest, raid: m}]}], raid: [{name: m, level: 5, mount: /}]", "raid[m].level", "level 5 needs 3 members, and 2 partitions are", "")]
    [InlineData("disks: [{name: a, count: 3, partitions: [{name: p, size: rest, raid: m}]}], raid: [{name: m, level: 6, mount: /}]", "raid[m].level", "level 6 needs 4", "")]
    [InlineData("disks: [{name: a, count: 3, partitions: [{name: p, size: rest, raid: m}]}], raid: [{name: m, level: 10, mount: /}]", "raid[m].level", "level 10 needs 4", "")]
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: p, size: rest, raid: m}]}], raid: [{name: m, mount: /}]", "raid[m].level", "level is missing", "level: 1")]
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: p, size: rest, raid: m}]}], raid: [{name: m, level: 4, mount: /}]", "raid[m].level", "is none of", "")]
    [InlineData("disks: [{name: a, partitions: [{name: p, size: 4GiB, raid: m}, {name: q, size: rest, raid: m}]}], raid: [{name: m, level: 1, mount: /}]", "raid[m]", "on disk 'a', and fail with it", "disk of its own")]
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: p, size: 4GiB, raid: mm}, {name: q, size: rest, raid: m}]}], raid: [{name: m, level: 1, mount: /}]", "disks[a].partitions[p].raid", "no array 'mm'", "'m'")]
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: p, size: rest, raid: m, volumeGroup: v}]}], raid: [{name: m, level: 1, mount: /}], volumeGroups: [{name: v}]", "disks[a].partitions[p]", "only a partition of type lvm", "")]
    [InlineData("disks: [{name: a, partitions: [{name: p, size: rest, type: raid}]}]", "disks[a].partitions[p]", "names its array", "raid:")]
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: p, size: rest, type: linux, raid: m}]}], raid: [{name: m, level: 1, mount: /}]", "disks[a].partitions[p]", "only a partition of type raid", "type: raid")]
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: p, size: rest, raid: m, mount: /}]}], raid: [{name: m, level: 1, mount: /}]", "disks[a].partitions[p]", "no file system of its own", "")]
    // What lies on an array.
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: p, size: rest, raid: m}]}], raid: [{name: m, level: 1}]", "raid[m]", "nothing lies on this array", "mount:")]
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: p, size: rest, raid: m}]}], raid: [{name: m, level: 1, mount: /, volumeGroup: v}], volumeGroups: [{name: v, volumes: [{name: x, size: 1GiB}]}]", "raid[m]", "not both", "")]
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: p, size: rest, raid: m}]}], raid: [{name: m, level: 1, volumeGroup: w}], volumeGroups: [{name: v, volumes: [{name: x, size: 1GiB}]}]", "raid[m].volumeGroup", "no volume group 'w'", "'v'")]
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: e, size: 1GiB, type: esp, raid: m}, {name: p, size: rest}]}], raid: [{name: m, level: 1, mount: /}]", "disks[a].partitions[e]", "no member of an array", "kept equal")]
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: e, size: 1GiB, raid: m}, {name: p, size: rest, raid: n}]}], raid: [{name: m, level: 1, filesystem: vfat, mount: /boot/efi}, {name: n, level: 1, mount: /}]", "raid[m]", "system partition is no array", "type esp")]
    // Sets of disks.
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: p, size: rest, mount: /}]}]", "disks[a].partitions[p].mount", "each disk of the set", "raid: NAME")]
    [InlineData("disks: [{name: a, count: 1, partitions: [{name: p, size: rest, mount: /}]}]", "disks[a].count", "whole number from 2", "leave it out")]
    [InlineData("disks: [{name: a, count: 2, select: {bus: nvme}, partitions: [{name: p, size: rest}]}, {name: a-2, select: {bus: sata}, partitions: [{name: p, size: rest, mount: /}]}]", "disks[a-2]", "a disk of the set 'a'", "another name")]
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: p, size: rest}]}, {name: c, select: {bus: sata}, partitions: [{name: p, size: rest, mount: /}]}]", "disks[a].select", "each needs a selector", "select:")]
    // Sizes.
    [InlineData("disks: [{name: a, partitions: [" + Boot + ", {name: p, size: 4GiB, volumeGroup: v}]}], volumeGroups: [{name: v, volumes: [{name: r, size: 3GiB, mount: /}, {name: s, size: 1GiB}]}]", "volumeGroups[v]", "need 4096 MiB, and its partitions and arrays have 4092 MiB", "smaller")]
    // Encryption.
    [InlineData("disks: [{name: a, partitions: [" + Boot + ", {name: c, size: 1GiB, mount: /boot}, {name: p, size: rest, mount: /, encryption: {}}]}]", "disks[a].partitions[p].encryption.unlock", "what unlocks", "unlock: tpm2")]
    [InlineData("disks: [{name: a, partitions: [" + Boot + ", {name: p, size: rest, mount: /, encryption: {unlock: tpm2}}]}]", "disks[a].partitions[p].encryption", "/boot lies on it", "mount: /boot")]
    [InlineData("disks: [{name: a, partitions: [" + Boot + ", {name: p, size: rest, volumeGroup: v, encryption: {unlock: tpm2}}]}], volumeGroups: [{name: v, volumes: [{name: r, size: 1GiB, mount: /}, {name: b, size: 1GiB, mount: /boot}]}]", "disks[a].partitions[p].encryption", "/boot lies on it", "")]
    [InlineData("disks: [{name: a, partitions: [{name: b, size: 1MiB, type: bios-boot, encryption: {unlock: tpm2}}, {name: p, size: rest, mount: /}]}]", "disks[a].partitions[b]", "opens nothing", "Remove 'encryption'")]
    [InlineData("disks: [{name: a, count: 2, partitions: [{name: p, size: rest, raid: m, encryption: {unlock: tpm2}}]}], raid: [{name: m, level: 1, mount: /}]", "disks[a].partitions[p]", "not encrypted by itself", "to the array")]
    [InlineData("disks: [{name: a, partitions: [{name: r, size: 1GiB, mount: /}, {name: p, size: rest, encryption: {unlock: tpm2}}]}]", "disks[a].partitions[p].encryption", "nothing lies on this device", "filesystem:")]
    [InlineData("disks: [{name: a, partitions: [{name: r, size: 1GiB, mount: /}, {name: p, size: rest, mount: /srv, encryption: {unlock: tang}}]}]", "disks[a].partitions[p].encryption.tang.url", "which Tang server", "url:")]
    [InlineData("disks: [{name: a, partitions: [{name: r, size: 1GiB, mount: /}, {name: p, size: rest, mount: /srv, encryption: {unlock: tang, tang: {url: 'http://10.0.0.9'}}}]}]", "disks[a].partitions[p].encryption.tang", "which key of this server", "tang-show-keys")]
    [InlineData("disks: [{name: a, partitions: [{name: r, size: 1GiB, mount: /}, {name: p, size: rest, mount: /srv, encryption: {unlock: tang, tang: {url: 'http://10.0.0.9', trust: true, thumbprint: h3MZxfX-vLOsYTCYRUZVuxCpcjMKSPtrXjnjkEUDZ0E}}}]}]", "disks[a].partitions[p].encryption.tang", "contradict", "")]
    [InlineData("disks: [{name: a, partitions: [{name: r, size: 1GiB, mount: /}, {name: p, size: rest, mount: /srv, encryption: {unlock: tang, tang: {url: 'http://10.0.0.9', thumbprint: abc}}}]}]", "disks[a].partitions[p].encryption.tang.thumbprint", "no thumbprint", "tang-show-keys")]
    [InlineData("disks: [{name: a, partitions: [{name: r, size: 1GiB, mount: /}, {name: p, size: rest, mount: /srv, encryption: {unlock: tang, tang: {url: 'http://tang.example', trust: true}}}]}]", "disks[a].partitions[p].encryption.tang.url", "no name is resolved", "http:// and an address")]
    [InlineData("disks: [{name: a, partitions: [{name: r, size: 1GiB, mount: /}, {name: p, size: rest, mount: /srv, encryption: {unlock: tang, tang: {url: 'https://10.0.0.9', trust: true}}}]}]", "disks[a].partitions[p].encryption.tang.url", "no certificate is known", "")]
    [InlineData("disks: [{name: a, partitions: [{name: r, size: 1GiB, mount: /}, {name: p, size: rest, mount: /srv, encryption: {unlock: tpm2, tang: {url: 'http://10.0.0.9', trust: true}}}]}]", "disks[a].partitions[p].encryption.tang", "does not go with unlock: tpm2", "unlock: tang")]
    [InlineData("disks: [{name: a, partitions: [{name: r, size: 1GiB, mount: /}, {name: p, size: rest, mount: /srv, encryption: {unlock: tpm2, tpm2: {pcrs: [0, 7]}}}]}]", "disks[a].partitions[p].encryption.tpm2.pcrs", "register 7 is not the same", "0, 2, 3")]
    [InlineData("disks: [{name: a, partitions: [{name: r, size: 1GiB, mount: /}, {name: p, size: rest, mount: /srv, encryption: {unlock: console}}]}]", "disks[a].partitions[p].encryption.passphrase", "no passphrase that a person", "netdeploy secret set")]
    [InlineData("disks: [{name: a, partitions: [{name: r, size: 1GiB, mount: /}, {name: p, size: rest, mount: /srv, encryption: {unlock: tpm2, passphrase: {strength: wired}}}]}]", "disks[a].partitions[p].encryption.passphrase", "names no secret", "secret: NAME")]
    [InlineData("disks: [{name: a, partitions: [{name: r, size: 1GiB, mount: /}, {name: p, size: rest, mount: /srv, encryption: {unlock: tpm2, passphrase: {secret: s, strength: claimed}}}]}]", "disks[a].partitions[p].encryption.passphrase.strength", "only claimed", "wired or above")]
    // btrfs.
    [InlineData("disks: [{name: a, partitions: [{name: p, size: rest, filesystem: ext4, mount: /, subvolumes: [{name: x}]}]}]", "disks[a].partitions[p].subvolumes", "ext4 has no subvolumes", "btrfs")]
    [InlineData("disks: [{name: a, partitions: [{name: p, size: rest, subvolumes: [{name: x, mount: /}, {name: y, mount: /}]}]}]", "disks[a].partitions[p].subvolumes[y].mount", "also the mount point", "")]
    [InlineData("disks: [{name: a, partitions: [{name: p, size: rest, subvolumes: [{name: ../x, mount: /}]}]}]", "disks[a].partitions[p].subvolumes[../x].name", "no subvolume's name", "@home")]
    public void What_cannot_work_is_refused_at_its_place_with_a_remedy(string storage, string path, string message, string remedy)
    {
        var result = ShippedFiles.Parse(ShippedFiles.Site, ShippedFiles.MachineWith($"  storage: {{layout: custom, {storage}}}"));

        Assert.Null(result.Value);
        var error = result.Diagnostics.First(d => d.Severity == Severity.Error && d.Path == $"system.storage.{path}");
        Assert.Equal(("test1.yaml", 7), (error.File, error.Line));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_Tang_server_is_not_reached_by_a_machine_without_an_address()
    {
        var result = ShippedFiles.Parse(ShippedFiles.Site, ShippedFiles.MachineWith(StorageLayouts.Mirrored(StorageLayouts.Tang) + "\n  nics: [{mac: 52:54:00:00:00:07, dhcp: false}]"));

        var error = Assert.Single(result.Diagnostics, d => d.Severity == Severity.Error);
        Assert.Equal("system.storage.raid[system].encryption.unlock", error.Path);
        Assert.Contains("unlock: tpm2", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_person_at_the_console_is_warned_of()
    {
        var result = ShippedFiles.Parse(ShippedFiles.Site, ShippedFiles.MachineWith(StorageLayouts.Mirrored("{unlock: console, passphrase: {secret: s}}")));

        var warning = Assert.Single(result.Diagnostics);
        Assert.Equal((Severity.Warning, "system.storage.raid[system].encryption.unlock"), (warning.Severity, warning.Path));
        Assert.Contains("not hands-off", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_layer_that_changes_what_unlocks_starts_afresh()
    {
        var profile = $"apiVersion: netdeploy/v1\nkind: Profile\nname: disks\nsystem:\n{StorageLayouts.Mirrored(StorageLayouts.Tang)}\n";
        var machine = ShippedFiles.MachineWith("  storage: {raid: [{name: system, encryption: {unlock: tpm2}}]}").Replace("[minimal]", "[minimal, disks]", StringComparison.Ordinal);

        var encryption = ShippedFiles.Load(ShippedFiles.Site, profile, machine).Recipes["blade1"].System.Storage.Raid[1].Encryption!;

        Assert.Equal((UnlockMethod.Tpm2, null), (encryption.Unlock, encryption.Tang));
    }

    [Fact]
    public void A_set_is_that_many_disks_and_one_of_their_EFI_system_partitions_is_mounted()
    {
        var disks = Storage(StorageLayouts.Mirrored(StorageLayouts.Tang)).Disks;

        Assert.Equal(["disk-1", "disk-2"], disks.Select(d => d.Name));
        Assert.All(disks, d => Assert.Equal(("disk", 2), (d.Set!.Name, d.Set.Count)));
        Assert.Equal(["/boot/efi", null], disks.Select(d => d.Partitions[1].Filesystem!.MountPoint));
    }

    /// <summary>What a layout needs of each disk, in MiB: the table, what has a size, and what must fit into the rest.</summary>
    [Theory]
    [InlineData("storage: simple", 2 + 1 + 256 + 16)]
    [InlineData("storage: {swap: 1GiB}", 2 + 1 + 256 + 1024 + 16)]
    [InlineData("storage: {layout: custom, disks: [{name: a, partitions: [" + Boot + ", {name: p, size: rest, volumeGroup: v}]}], volumeGroups: [{name: v, volumes: [{name: r, size: 5GiB, mount: /}, {name: s, size: rest}]}]}", 2 + 65 + 1 + 5120 + 4)]
    [InlineData("storage: {layout: custom, disks: [{name: a, count: 2, partitions: [" + Boot + ", {name: p, size: rest, raid: m}]}], raid: [{name: m, level: 1, volumeGroup: v}], volumeGroups: [{name: v, volumes: [{name: r, size: 5GiB, mount: /}]}]}", 2 + 65 + 1 + 5120 + 6)]
    [InlineData("storage: {layout: custom, disks: [{name: a, count: 3, partitions: [" + Boot + ", {name: p, size: rest, raid: m}]}], raid: [{name: m, level: 5, volumeGroup: v}], volumeGroups: [{name: v, volumes: [{name: r, size: 5GiB, mount: /}]}]}", 2 + 65 + 2561 + 3)]
    public void What_a_layout_needs_is_known_before_a_disk_is_touched(string storage, long mib)
    {
        var read = Storage("  " + storage);

        Assert.All(read.Disks, d => Assert.Equal(mib, StorageSizes.OfDisk(read, d)));
    }

    [Theory]
    [InlineData("tang", "clevis-initramfs", true)]
    [InlineData("tang", "clevis-tpm2", false)]
    [InlineData("tpm2", "clevis-tpm2", true)]
    [InlineData("console", "clevis-initramfs", false)]
    [InlineData("console", "cryptsetup-initramfs", true)]
    [InlineData("console", "mdadm", true)]
    [InlineData("console", "btrfs-progs", true)]
    public void The_image_holds_what_finds_its_root(string unlock, string package, bool expected)
    {
        var encryption = unlock switch { "tang" => StorageLayouts.Tang, "tpm2" => "{unlock: tpm2}", _ => "{unlock: console, passphrase: {secret: s}}" };
        var image = ShippedFiles.Load(ShippedFiles.Site, ShippedFiles.MachineWith(StorageLayouts.Mirrored(encryption))).Recipes["blade1"].Image;

        Assert.Equal(expected, image.Packages.Contains(package));
        Assert.Equal(image.Packages.Distinct().Order(StringComparer.Ordinal), image.Packages);
    }

    private static StorageSpec Storage(string system) => ShippedFiles.Load(ShippedFiles.Site, ShippedFiles.MachineWith(system)).Recipes["blade1"].System.Storage;
}
