using System.Security.Cryptography;
using NetDeploy.Server.Images;

namespace NetDeploy.Server.Tests.Images;

/// <summary>The images that real hardware gets, whole.</summary>
[Trait("Category", "Full")]
public sealed class MetalImageTests
{
    private static readonly string[] Packages =
    [
        "ca-certificates", "dbus", "grub-efi-amd64-bin", "grub-efi-amd64-signed", "grub-pc-bin", "grub2-common", "initramfs-tools",
        "iproute2", "linux-image-amd64", "openssh-server", "shim-signed", "sudo", "systemd-resolved", "systemd-sysv", "zstd",
    ];

    [Theory]
    [InlineData("bookworm", "6.1.")]
    [InlineData("trixie", "6.12.")]
    public async Task A_metal_image_boots_any_hardware_and_is_nobodys(string release, string kernel)
    {
        using var real = new RealBuild();
        var first = await ReadyAsync(real, release);

        Assert.All(Packages, package => Assert.True(first.Current.Packages.ContainsKey(package), package));
        Assert.InRange(first.Current.Bytes, 100_000_000, 400_000_000);
        using (var blob = real.Store.Open(first.Id))
        {
            Assert.Equal(first.Id, Convert.ToHexStringLower(await SHA256.HashDataAsync(blob, TestContext.Current.CancellationToken)));
        }

        using var image = new UnpackedImage(real.Spool, first.Id);
        image.AssertHasNoIdentity();
        Assert.Equal("../run/systemd/resolve/stub-resolv.conf", image.Link("etc/resolv.conf"));
        Assert.Contains(image.Names("boot"), name => name.StartsWith($"vmlinuz-{kernel}", StringComparison.Ordinal));
        var version = Assert.Single(image.Names("lib/modules"), name => name.StartsWith(kernel, StringComparison.Ordinal));
        Assert.False(image.Exists("boot/grub/grub.cfg"), "a boot menu of the builder");
        Assert.True(image.Exists("usr/lib/shim/shimx64.efi.signed") && image.Exists("usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"));

        // The drivers of servers and of virtual machines, in the initramfs, which is compressed with zstd.
        var initrd = image.InitramfsNamesOf($"boot/initrd.img-{version}");
        Assert.All(
            (string[])["nvme", "ahci", "megaraid_sas", "mpt3sas", "hpsa", "virtio_blk", "xen-blkfront", "dm-mod"],
            driver => Assert.Contains(initrd, name => name.Contains($"/{driver}.ko", StringComparison.Ordinal)));
        Assert.DoesNotContain(initrd, name => name.EndsWith("conf.d/resume-device", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Equal_input_makes_an_equal_image()
    {
        using var real = new RealBuild();
        var first = await ReadyAsync(real, "bookworm");
        var second = await ReadyAsync(real, "bookworm");
        Assert.Equal(2, second.Generation);
        Assert.Equal(first.Id, second.Id);
    }

    private static async Task<ImageEntry> ReadyAsync(RealBuild real, string release) =>
        await real.BuildAsync(RealBuild.Spec(release, Packages)) switch
        {
            ImageState.Ready ready => ready.Entry,
            ImageState.Failed failed => throw new ImageBuildException(failed.Failure),
            var other => throw new InvalidOperationException($"{other}"),
        };
}
