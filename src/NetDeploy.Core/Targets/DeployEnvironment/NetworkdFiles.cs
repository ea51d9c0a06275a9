using System.Text;
using NetDeploy.Core.Profiles;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Targets.DeployEnvironment;

/// <summary>NICs and resolvers for systemd-networkd and systemd-resolved. NICs are matched by MAC: their names differ between metal and guest.</summary>
internal static class NetworkdFiles
{
    /// <param name="boot">The NIC that <c>mac: boot</c> stands for.</param>
    public static IEnumerable<PlanStep> Of(SystemSpec system, MacAddress? boot)
    {
        foreach (var nic in system.Nics)
        {
            var mac = (nic.Mac ?? boot)!.Value;
            yield return DebianFiles.File($"/etc/systemd/network/10-netdeploy-{mac.ToString('-')}.network", Declared(nic, mac));
        }

        if (system.Nics.Length == 0)
        {
            // Whatever NIC it booted from, it comes up there. Kind is set on virtual devices only: bridges, bonds, VLANs.
            yield return DebianFiles.File("/etc/systemd/network/80-netdeploy-ethernet.network", $"[Match]\nType=ether\nKind=!*\n\n[Network]\nDHCP=yes\n\n{Dhcp()}");
        }

        // One NIC with a link is enough to be online: a second one without a cable must not hold up the boot.
        yield return DebianFiles.File(
            "/etc/systemd/system/systemd-networkd-wait-online.service.d/netdeploy.conf",
            "[Service]\nExecStart=\nExecStart=/usr/lib/systemd/systemd-networkd-wait-online --any\n");
        if (system.Dns.Servers.Length > 0 || system.Dns.Search.Length > 0)
        {
            yield return DebianFiles.File("/etc/systemd/resolved.conf.d/netdeploy.conf", $"[Resolve]\nDNS={string.Join(' ', system.Dns.Servers)}\nDomains={string.Join(' ', system.Dns.Search)}\n");
        }

        yield return new Link("/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
    }

    private static string Declared(NicSpec nic, MacAddress mac)
    {
        var text = new StringBuilder();
        text.Append($"[Match]\nMACAddress={mac}\nType=ether\nKind=!*\n\n");
        if (nic.Mtu is { } mtu)
        {
            text.Append($"[Link]\nMTUBytes={mtu}\n\n");
        }

        text.Append($"[Network]\nDHCP={(nic.Dhcp ? "yes" : "no")}\n");
        foreach (var address in nic.Addresses)
        {
            text.Append($"Address={address}\n");
        }

        if (nic.Gateway is { } gateway)
        {
            text.Append($"Gateway={gateway}\n");
        }

        foreach (var server in nic.DnsServers)
        {
            text.Append($"DNS={server}\n");
        }

        return nic.Dhcp ? text.Append('\n').Append(Dhcp()).ToString() : text.ToString();
    }

    // By its MAC the client is the same for the server from the boot ROM to the installed system: it keeps its address.
    // The host's name is the recipe's, whatever the DHCP server says.
    private static string Dhcp() => "[DHCPv4]\nClientIdentifier=mac\nUseHostname=no\nUseDomains=yes\n";
}
