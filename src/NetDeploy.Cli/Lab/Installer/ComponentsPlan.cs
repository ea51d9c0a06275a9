using System.Collections.Immutable;

namespace NetDeploy.Cli.Lab.Installer;

/// <summary>Which of the installer's components (udebs) a suite of its own can offer, where a mirror holds only some of them.</summary>
/// <param name="Kept">Taken as they are from the mirror's pool, or in the installer's initrd already.</param>
/// <param name="Rebuilt">To be made from ordinary packages of the same version.</param>
/// <param name="Dropped">Missing, or needing something that is missing.</param>
internal sealed record ComponentsPlan(ImmutableArray<ControlStanza> Kept, ImmutableArray<ControlStanza> Rebuilt, ImmutableArray<string> Dropped)
{
    /// <summary>Without one of these nothing is installed.</summary>
    public static ImmutableArray<string> Indispensable { get; } =
    [
        "partman-auto", "partman-ext3", "bootstrap-base", "grub-installer", "base-installer", "apt-setup-udeb", "apt-mirror-setup", "pkgsel", "finish-install", "disk-detect", "user-setup-udeb",
    ];

    /// <summary>Module packages of the kernel, without the version in their names, and their files below <c>kernel/</c>.</summary>
    public static ImmutableDictionary<string, ImmutableArray<string>> Modules { get; } = new Dictionary<string, ImmutableArray<string>>
    {
        ["ext4-modules"] = ["fs/ext4", "fs/jbd2", "fs/mbcache.ko*", "lib/crc16.ko*"],
        ["scsi-modules"] = ["drivers/block/virtio_blk.ko*", "drivers/scsi/virtio_scsi.ko*", "drivers/nvme/common", "drivers/nvme/host/nvme.ko*", "drivers/nvme/host/nvme-core.ko*"],
        ["cdrom-core-modules"] = ["drivers/cdrom", "drivers/scsi/sr_mod.ko*"],
        ["isofs-modules"] = ["fs/isofs"],
        ["ata-modules"] = ["drivers/ata/libata.ko*"],
        ["sata-modules"] = ["drivers/ata/libahci.ko*", "drivers/ata/ahci.ko*", "drivers/ata/ata_piix.ko*"],
        ["loop-modules"] = ["drivers/block/loop.ko*"],
        ["md-modules"] =
        [
            "drivers/md/dm-mod.ko*", "drivers/md/dm-crypt.ko*", "drivers/md/dm-mirror.ko*", "drivers/md/dm-snapshot.ko*", "drivers/md/dm-log.ko*",
            "drivers/md/dm-region-hash.ko*", "drivers/md/dm-bufio.ko*", "drivers/md/md-mod.ko*", "drivers/md/raid*.ko*", "drivers/md/linear.ko*",
        ],
    }.ToImmutableDictionary();

    /// <summary>Other components: of which ordinary package which files. None at all: an empty stand-in, which others only depend on.</summary>
    public static ImmutableDictionary<string, ImmutableArray<(string Package, ImmutableArray<string> Files)>> Substitutes { get; } =
        new Dictionary<string, ImmutableArray<(string, ImmutableArray<string>)>>
        {
            ["e2fsprogs-udeb"] =
            [
                ("e2fsprogs", ["usr/sbin/e2fsck", "usr/sbin/fsck.ext*", "usr/sbin/mke2fs", "usr/sbin/mkfs.ext*", "usr/sbin/tune2fs", "usr/sbin/resize2fs", "usr/sbin/badblocks", "etc/mke2fs.conf"]),
                ("libext2fs2t64", ["usr/lib/x86_64-linux-gnu/*.so.*"]),
                ("libcom-err2", ["usr/lib/x86_64-linux-gnu/*.so.*"]),
            ],
            ["ntfs-3g-udeb"] = [],
        }.ToImmutableDictionary();

    /// <summary>The first indispensable component that is not there; null: the suite is good for an installation.</summary>
    public string? Lacks => Indispensable.FirstOrDefault(n => !Kept.Concat(Rebuilt).Any(s => s.Package == n));

    /// <param name="index">The mirror's index of components, of this point release or an earlier one.</param>
    /// <param name="inInitrd">Package and version of what the initrd brings.</param>
    /// <param name="kernel">The initrd's kernel: only modules of that one load.</param>
    /// <param name="served">Whether the mirror holds the file of a stanza.</param>
    public static ComponentsPlan Of(IReadOnlyList<ControlStanza> index, IReadOnlyDictionary<string, string> inInitrd, string kernel, Func<ControlStanza, bool> served)
    {
        var all = OfKernel(index, inInitrd, kernel).ToArray();
        var kept = new Dictionary<string, ControlStanza>(StringComparer.Ordinal);
        var rebuilt = new Dictionary<string, ControlStanza>(StringComparer.Ordinal);
        foreach (var stanza in all)
        {
            var name = stanza.Package;
            if (inInitrd.GetValueOrDefault(name) == stanza.Version || served(stanza))
            {
                kept[name] = stanza;
            }
            else if (!inInitrd.ContainsKey(name) && (ModulesOf(name, kernel) is not null || Substitutes.ContainsKey(name)))
            {
                rebuilt[name] = stanza;
            }
        }

        // What is gone takes with it what needs it. A name outside the index is no component, and none of our business.
        var known = all.Select(s => s.Package).ToHashSet(StringComparer.Ordinal);
        while (true)
        {
            var there = kept.Values.Concat(rebuilt.Values).SelectMany(s => s.Provides.Append(s.Package)).Concat(inInitrd.Keys).ToHashSet(StringComparer.Ordinal);
            var gone = kept.Values.Where(s => !inInitrd.ContainsKey(s.Package) && s.Depends.Any(d => known.Contains(d) && !there.Contains(d))).Select(s => s.Package).ToArray();
            if (gone.Length == 0)
            {
                break;
            }

            foreach (var name in gone)
            {
                kept.Remove(name);
            }
        }

        return new([.. kept.Values], [.. rebuilt.Values], [.. known.Where(n => !kept.ContainsKey(n) && !rebuilt.ContainsKey(n)).Order(StringComparer.Ordinal)]);
    }

    /// <summary>The files of a module component of this kernel; null for any other.</summary>
    public static ImmutableArray<string>? ModulesOf(string component, string kernel) =>
        component.EndsWith($"-{kernel}-di", StringComparison.Ordinal) && Modules.TryGetValue(component[..^$"-{kernel}-di".Length], out var files) ? files : null;

    /// <summary>
    /// An index may be older than the initrd and know other kernels alone. Then the module components of the newest of those stand for
    /// those of ours, under our names and version: the mirror holds no file of them, so they are rebuilt or dropped.
    /// </summary>
    private static IEnumerable<ControlStanza> OfKernel(IReadOnlyList<ControlStanza> index, IReadOnlyDictionary<string, string> inInitrd, string kernel)
    {
        var ours = $"-{kernel}-di";
        var versions = index.Where(s => s["Kernel-Version"] is not null).Select(s => s["Kernel-Version"]!).Distinct().ToArray();
        var model = versions.Contains(kernel) ? null : versions.LastOrDefault();
        foreach (var stanza in index)
        {
            if (stanza["Kernel-Version"] is not { } version || version == kernel)
            {
                yield return stanza;
            }
            else if (version == model)
            {
                var name = stanza.Package.Replace($"-{version}-di", ours, StringComparison.Ordinal);
                yield return new ControlStanza([.. stanza.Fields.Select(f => new KeyValuePair<string, string>(f.Key, f.Value.Replace(version, kernel, StringComparison.Ordinal)))])
                    .With("Version", inInitrd.GetValueOrDefault(name) ?? stanza.Version)
                    .With("Filename", "");
            }
        }
    }
}
