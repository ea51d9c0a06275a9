using System.Collections.Immutable;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>What role, firewall and hand-over bring along: packages in the family's words, and services. One row for each.</summary>
internal static class ImpliedSoftware
{
    public static SystemSpec Add(MapCursor system, SystemSpec read, DistroSpec distro, DiagnosticBag diagnostics)
    {
        var parts = Parts(read, distro).ToArray();
        Check(system, read, distro, diagnostics);
        return read with
        {
            Packages = [.. read.Packages.Concat(parts.SelectMany(p => p.Packages)).Distinct(StringComparer.Ordinal)],

            // What a layer says of a service counts, whatever the role would have.
            Services = [.. read.Services.Concat(parts.SelectMany(p => p.Services)).DistinctBy(s => s.Name)],
        };
    }

    private static IEnumerable<(ImmutableArray<string> Packages, ImmutableArray<ServiceSpec> Services)> Parts(SystemSpec read, DistroSpec distro)
    {
        if (distro.Family != "debian")
        {
            yield break;
        }

        var arm = distro.Architecture == "arm64";
        switch (read.Role)
        {
            case MachineRole.XenHost:
                yield return ([arm ? "xen-system-arm64" : "xen-system-amd64", "grub-xen-host", "lvm2"], []);
                break;
            case MachineRole.KvmHost:
                yield return ([arm ? "qemu-system-arm" : "qemu-system-x86", "libvirt-daemon-system", "libvirt-clients", arm ? "qemu-efi-aarch64" : "ovmf"], [new("libvirtd", ServiceState.Enabled)]);
                break;
        }

        if (read.Firewall is not null)
        {
            yield return (["nftables"], [new("nftables", ServiceState.Enabled)]);
        }

        // Agents start when they know their server: the hand-over enables them.
        switch (read.Handover?.By)
        {
            case HandoverKind.AnsiblePull:
                yield return (["ansible-core", "git", "ca-certificates"], []);
                break;
            case HandoverKind.Puppet:
                yield return (["puppet-agent"], [new("puppet", ServiceState.Disabled)]);
                break;
            case HandoverKind.Salt:
                yield return (["salt-minion"], [new("salt-minion", ServiceState.Disabled)]);
                break;
        }
    }

    private static void Check(MapCursor system, SystemSpec read, DistroSpec distro, DiagnosticBag diagnostics)
    {
        if (read.Role == MachineRole.XenHost && read.Packages.Any(IsKernel) && read.Packages.Where(IsKernel).All(p => p.Contains("-cloud-", StringComparison.Ordinal)))
        {
            diagnostics.Error(system.OriginOf("role"), "system.role", "Debian's cloud kernel cannot be a Dom0.", "Take linux-image-amd64 among the packages instead.");
        }

        if (distro.Family == "debian" && read.Handover?.By == HandoverKind.Salt && read.Repositories.All(r => r.Key is null))
        {
            var at = system.Below("handover");
            diagnostics.Warning(at.OriginOf("by"), at.PathOf("by"), "Debian has no salt-minion, and no other repository is named.", "Add Salt's repository with its 'key' under 'system.repositories'.");
        }
    }

    private static bool IsKernel(string package) => package.StartsWith("linux-image-", StringComparison.Ordinal);
}
