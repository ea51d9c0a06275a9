using System.Collections.Immutable;

namespace NetDeploy.Cli.Lab.Host;

/// <summary>A Debian package that a lab needs on its host, and what for.</summary>
internal sealed record HostPackage(string Name, string Why)
{
    /// <summary>
    /// Names of Debian 12 and 13. None of them starts a service, opens a port or touches the host's boot loader:
    /// packages that would (DHCP, TFTP and SSH servers, GRUB) are never installed on the host.
    /// </summary>
    public static ImmutableArray<HostPackage> Needed { get; } =
    [
        new("qemu-system-x86", "the blades"),
        new("qemu-utils", "disk images"),
        new("ipxe-qemu", "network boot ROMs of the blades' NICs"),
        new("swtpm", "the TPMs of blades that have one"),
        new("ovmf", "UEFI firmware, with Microsoft's keys for Secure Boot"),
        new("iproute2", "the isolated network"),
        new("openssh-client", "the login that proves a deployment"),
        new("mmdebstrap", "image builds"),
        new("uidmap", "image builds without root"),
        new("debian-archive-keyring", "signatures of Debian's archive"),
        new("busybox-static", "the deploy environment"),
        new("cpio", "the deploy environment"),
        new("zstd", "images"),
        new("xz-utils", "packages and kernel modules"),
        new("gnupg", "a key for components of Debian's installer that the mirror lacks"),
        new("fdisk", "partition tables"),
        new("kmod", "module dependencies of the deploy environment"),
    ];

    /// <summary>Those of a lab whose addresses another DHCP server leases. The package with <c>-base</c> starts no service.</summary>
    public static ImmutableArray<HostPackage> NeededByProxy { get; } = [.. Needed, new("dnsmasq-base", "the main DHCP server beside which the lab's is a proxy")];
}
