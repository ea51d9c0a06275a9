using NetDeploy.Lab.Tests.DeployEnvironment;

namespace NetDeploy.Lab.Tests.Deployments;

/// <summary>RAID 1 with LUKS, LVM and btrfs over two disks, on real firmware: unlocked by nobody, and started from either disk.</summary>
[Trait("Category", "Full")]
[Collection(EmulatedInstallations.Name)]
public sealed class EncryptedRaidTests(ITestOutputHelper output)
{
    /// <summary>With the image's first build, on a busy machine.</summary>
    private static readonly TimeSpan Up = TimeSpan.FromMinutes(30);

    [Theory]
    [InlineData("bios", "tang", "{unlock: tang, tang: {url: 'http://10.77.0.1:7500', trust: true}}")]
    [InlineData("uefi", "tpm2", "{unlock: tpm2, tpm2: {pcrs: [0, 2, 3]}}")]
    public async Task Two_mirrored_encrypted_disks_start_by_themselves_also_when_one_is_gone(string firmware, string unlock, string encryption)
    {
        if (unlock == "tang")
        {
            TangServer.SkipUnlessPossible();
        }

        await using var lab = LabRun.Create(output);
        var documents = Directory.CreateTempSubdirectory("ndt-documents-");
        await File.WriteAllTextAsync(Path.Combine(documents.FullName, "mirrored.yaml"), Profile(encryption), TestContext.Current.CancellationToken);
        string[] tpm = unlock == "tpm2" ? ["--tpm"] : [];
        var up = lab.UpAsync(Up, ["--firmware", firmware, "--disks", "2", .. tpm, "--documents", documents.FullName, "--profile", "mirrored"]);
        var starting = unlock == "tang" ? lab.StartTangAsync() : null;
        if (starting is null || await Task.WhenAny(up, starting) == up)
        {
            // A lab that fails before it has a network says why.
            await up;
        }

        using var tang = starting is null ? null : await starting;
        await up;
        documents.Delete(recursive: true);

        await AssertLayoutAsync(lab, unlock, firmware);
        foreach (var lost in (int[])[1, 2])
        {
            await lab.BootWithoutDiskAsync("blade-1", lost, async () =>
            {
                var arrays = await lab.SshAsync("blade-1", "cat /proc/mdstat");
                // Both arrays run on the half that is left.
                Assert.Equal(2, arrays.Split("[2/1]").Length - 1);
                Assert.Contains("vg0-root", await lab.SshAsync("blade-1", "findmnt -no SOURCE /"), StringComparison.Ordinal);
                Assert.Contains("/boot", await lab.SshAsync("blade-1", "findmnt -no TARGET /boot"), StringComparison.Ordinal);
            });
        }
    }

    /// <summary>As the booted machine itself says it.</summary>
    private static async Task AssertLayoutAsync(LabRun lab, string unlock, string firmware)
    {
        var arrays = await lab.SshAsync("blade-1", "cat /proc/mdstat");
        Assert.Equal(2, arrays.Split("[2/2] [UU]").Length - 1);
        var devices = await lab.SshAsync("blade-1", "lsblk -J -o NAME,TYPE,FSTYPE,MOUNTPOINTS");
        foreach (var word in new[] { "\"raid1\"", "\"crypto_LUKS\"", "\"crypt\"", "\"lvm\"", "\"btrfs\"", "\"/boot\"", "\"[SWAP]\"" })
        {
            Assert.Contains(word, devices, StringComparison.Ordinal);
        }

        var status = await lab.SshAsync("blade-1", "cryptsetup status system_crypt");
        Assert.Contains("is active and is in use", status, StringComparison.Ordinal);
        Assert.Contains("LUKS2", status, StringComparison.Ordinal);
        Assert.Contains($"{unlock} '", await lab.SshAsync("blade-1", "clevis luks list -d /dev/md/system"), StringComparison.Ordinal);
        // One slot: the key of the installation is gone.
        Assert.Equal("1", (await lab.SshAsync("blade-1", "cryptsetup luksDump /dev/md/system | grep -c 'Key:  *512'")).Trim());
        Assert.Contains("vg0", await lab.SshAsync("blade-1", "vgs --noheadings -o vg_name,pv_name"), StringComparison.Ordinal);
        Assert.Contains("subvol=/@home", await lab.SshAsync("blade-1", "findmnt -no OPTIONS /home"), StringComparison.Ordinal);
        Assert.Equal("2", (await lab.SshAsync("blade-1", "wc -l </etc/netdeploy/esp-copies")).Trim());
        if (firmware != "bios")
        {
            await AssertCopiesAsync(lab);
        }
    }

    /// <summary>What an upgrade changes on the mounted EFI system partition is on the other disk's after apt ran.</summary>
    private static async Task AssertCopiesAsync(LabRun lab)
    {
        await lab.SshAsync("blade-1", "touch /boot/efi/EFI/debian/new && netdeploy-esp-copies");
        var copies = await lab.SshAsync("blade-1", "for p in $(cat /etc/netdeploy/esp-copies); do mount /dev/disk/by-partuuid/$p /mnt; ls /mnt/EFI/debian/new /mnt/EFI/BOOT/BOOTX64.EFI; umount /mnt; done");
        Assert.Equal(4, copies.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        await lab.SshAsync("blade-1", "rm /boot/efi/EFI/debian/new && netdeploy-esp-copies");
    }

    private static string Profile(string encryption) => $$"""
        apiVersion: netdeploy/v1
        kind: Profile
        name: mirrored
        parents: [minimal]
        system:
          # Its initramfs has a third of the modules: emulated, the other one takes a quarter of an hour.
          packages: {remove: [linux-image-amd64], add: [linux-image-cloud-amd64]}
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
              - {name: system, level: 1, volumeGroup: vg0, encryption: {{encryption}}}
            volumeGroups:
              - name: vg0
                volumes:
                  - {name: swap, size: 256MiB, filesystem: swap}
                  - {name: root, size: 4GiB, mount: /}
                  - name: data
                    size: rest
                    filesystem: btrfs
                    subvolumes: [{name: '@home', mount: /home}, {name: '@srv', mount: /srv, options: noatime}]
        """;
}
