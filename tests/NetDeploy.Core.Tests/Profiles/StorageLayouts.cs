namespace NetDeploy.Core.Tests.Profiles;

/// <summary>Layouts that several tests take, as a machine's <c>system</c>.</summary>
internal static class StorageLayouts
{
    /// <summary>Two equal disks: /boot mirrored, all else mirrored, encrypted, in a volume group.</summary>
    public static string Mirrored(string unlock) => $$"""
          storage:
            layout: custom
            disks:
              - name: disk
                count: 2
                select: {bus: virtio}
                partitions:
                  - {name: bios, type: bios-boot, size: 1MiB}
                  - {name: esp, type: esp, size: 128MiB}
                  - {name: boot, size: 512MiB, raid: boot}
                  - {name: system, size: rest, raid: system}
            raid:
              - {name: boot, level: 1, mount: /boot}
              - name: system
                level: 1
                volumeGroup: vg0
                encryption: {{unlock}}
            volumeGroups:
              - name: vg0
                volumes:
                  - {name: swap, size: 256MiB, filesystem: swap}
                  - {name: root, size: 4GiB, filesystem: xfs, mount: /}
                  - name: data
                    size: rest
                    filesystem: btrfs
                    mount: /srv
                    subvolumes: [{name: '@home', mount: /home}, {name: '@logs', mount: /var/log, options: noatime}, {name: spare}]
        """;

    public const string Tang = "{unlock: tang, tang: {url: 'http://10.77.0.1:7500', thumbprint: h3MZxfX-vLOsYTCYRUZVuxCpcjMKSPtrXjnjkEUDZ0E}}";
}
