using System.Net.Sockets;
using System.Text;
using NetDeploy.Core.Profiles;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Targets.Plans;

/// <summary>
/// Interfaces and resolvers for systemd-networkd and systemd-resolved. NICs are matched by MAC: their names differ between metal
/// and guest. Bonds, VLANs and bridges are made by it, and told by their names.
/// </summary>
internal static class NetworkdFiles
{
    private const string Folder = "/etc/systemd/network/";

    /// <param name="boot">The NIC that <c>mac: boot</c> stands for.</param>
    public static IEnumerable<PlanStep> Of(SystemSpec system, MacAddress? boot)
    {
        var links = new Links(system, boot);
        foreach (var nic in system.Nics)
        {
            var mac = links.Mac(nic);
            var file = $"{Folder}10-netdeploy-{mac.ToString('-')}";
            if (nic.Name is { } name)
            {
                yield return DebianFiles.File($"{file}.link", $"[Match]\nMACAddress={mac}\nType=ether\nKind=!*\n\n[Link]\nName={name}\n");
            }

            // A bond gives all its members one address: only the permanent one still tells them apart.
            var match = links.BondOf(nic) is null ? $"MACAddress={mac}" : $"PermanentMACAddress={mac}";
            yield return DebianFiles.File($"{file}.network", Network($"{match}\nType=ether\nKind=!*", nic, links));
        }

        foreach (var made in system.Interfaces().Where(i => i is not NicSpec))
        {
            var file = $"{Folder}10-netdeploy-{made.Key}";
            yield return DebianFiles.File($"{file}.netdev", NetDev(made, links));
            yield return DebianFiles.File($"{file}.network", Network($"Name={made.Key}", made, links));
        }

        if (!system.Interfaces().Any())
        {
            // Whatever NIC it booted from, it comes up there. Kind is set on virtual devices only: bridges, bonds, VLANs.
            yield return DebianFiles.File($"{Folder}80-netdeploy-ethernet.network", $"[Match]\nType=ether\nKind=!*\n\n[Network]\nDHCP=yes\n\n{Dhcp}");
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

    // By its MAC the client is the same for the server from the boot ROM to the installed system: it keeps its address.
    // The host's name is the recipe's, whatever the DHCP server says.
    private const string Dhcp = "[DHCPv4]\nClientIdentifier=mac\nUseHostname=no\nUseDomains=yes\n";

    private static string NetDev(InterfaceSpec made, Links links)
    {
        var text = new StringBuilder($"[NetDev]\nName={made.Key}\nKind={Kind(made)}\n");

        // Without it bonds and bridges have an address made up from their name, which no reservation knows. A VLAN has its link's.
        if (made is not VlanSpec && links.MacBelow(made) is { } mac)
        {
            text.Append($"MACAddress={mac}\n");
        }

        return made switch
        {
            BondSpec bond => Bond(text, bond),
            VlanSpec vlan => text.Append($"\n[VLAN]\nId={vlan.Id}\n").ToString(),
            BridgeSpec bridge => text.Append($"\n[Bridge]\nSTP={YesNo(bridge.Stp)}\n").ToString(),
            _ => throw new ArgumentOutOfRangeException(nameof(made), made.GetType().Name, "An interface that nothing makes."),
        };
    }

    private static string Bond(StringBuilder text, BondSpec bond)
    {
        text.Append($"\n[Bond]\nMode={Mode(bond.Mode)}\nMIIMonitorSec=100ms\n");
        if (bond.HashPolicy is { } policy)
        {
            text.Append($"TransmitHashPolicy={policy}\n");
        }

        if (bond.Mode == BondMode.Lacp)
        {
            text.Append($"LACPTransmitRate={(bond.FastLacp ? "fast" : "slow")}\n");
        }

        return text.ToString();
    }

    private static string Network(string match, InterfaceSpec one, Links links)
    {
        var text = new StringBuilder($"[Match]\n{match}\n\n");
        var hasAddresses = one.Dhcp || one.Addresses.Length > 0;
        if (one.Mtu is not null || !hasAddresses)
        {
            text.Append("[Link]\n");
            if (one.Mtu is { } mtu)
            {
                text.Append($"MTUBytes={mtu}\n");
            }

            // A member counts as online to networkd: the machine would be taken for online before it has an address.
            text.Append(hasAddresses ? "\n" : "RequiredForOnline=no\n\n");
        }

        text.Append($"[Network]\nDHCP={YesNo(one.Dhcp)}\n");
        if (!hasAddresses)
        {
            text.Append("LinkLocalAddressing=no\nIPv6AcceptRA=no\n");
        }

        if (one is BridgeSpec { Members.Length: 0 })
        {
            // No guest is plugged in yet, so there is no carrier.
            text.Append("ConfigureWithoutCarrier=yes\n");
        }

        foreach (var line in links.Uplinks(one))
        {
            text.Append(line).Append('\n');
        }

        foreach (var address in one.Addresses)
        {
            text.Append($"Address={address}\n");
        }

        if (one.Gateway is { } gateway)
        {
            text.Append($"Gateway={gateway}\n");
        }

        foreach (var server in one.DnsServers)
        {
            text.Append($"DNS={server}\n");
        }

        foreach (var route in one.Routes)
        {
            text.Append($"\n[Route]\nDestination={route.Destination}\n");

            // IPv6 knows no such scope, and networkd says so.
            text.Append(route.Via is { } via ? $"Gateway={via}\n" : route.Destination.Address.AddressFamily == AddressFamily.InterNetwork ? "Scope=link\n" : "");
            text.Append(route.Metric is { } metric ? $"Metric={metric}\n" : "");
        }

        return one.Dhcp ? text.Append('\n').Append(Dhcp).ToString() : text.ToString();
    }

    private static string Kind(InterfaceSpec made) => made switch { BondSpec => "bond", VlanSpec => "vlan", _ => "bridge" };

    private static string Mode(BondMode mode) => mode switch
    {
        BondMode.Lacp => "802.3ad",
        BondMode.BalanceRoundRobin => "balance-rr",
        BondMode.BalanceXor => "balance-xor",
        BondMode.Broadcast => "broadcast",
        BondMode.BalanceTransmit => "balance-tlb",
        BondMode.BalanceAdaptive => "balance-alb",
        _ => "active-backup",
    };

    private static string YesNo(bool yes) => yes ? "yes" : "no";

    /// <summary>Which interface lies on which.</summary>
    private sealed class Links(SystemSpec system, MacAddress? boot)
    {
        public MacAddress Mac(NicSpec nic) => (nic.Mac ?? boot)!.Value;

        public BondSpec? BondOf(InterfaceSpec one) => system.Bonds.FirstOrDefault(b => b.Members.Contains(one.Key));

        /// <summary>The address of the NIC below that netboots, else of the first; null where there is none below.</summary>
        public MacAddress? MacBelow(InterfaceSpec one)
        {
            MacAddress[] macs = [.. NicsBelow(one, 0).Select(Mac)];
            return macs.Length == 0 ? null : boot is { } booting && macs.Contains(booting) ? booting : macs[0];
        }

        /// <summary>What networkd is told of the interfaces that lie on this one.</summary>
        public IEnumerable<string> Uplinks(InterfaceSpec one)
        {
            if (BondOf(one) is { } bond)
            {
                yield return $"Bond={bond.Name}";
                if (bond.Primary == one.Key)
                {
                    yield return "PrimarySlave=yes";
                }
            }

            foreach (var bridge in system.Bridges.Where(b => b.Members.Contains(one.Key)))
            {
                yield return $"Bridge={bridge.Name}";
            }

            foreach (var vlan in system.Vlans.Where(v => v.Link == one.Key))
            {
                yield return $"VLAN={vlan.Name}";
            }
        }

        /// <param name="depth">The deepest pile is bridge, VLAN, bridge, VLAN, bond, NIC: cycles were refused, and this ends them even so.</param>
        private IEnumerable<NicSpec> NicsBelow(InterfaceSpec one, int depth) => one switch
        {
            _ when depth > 16 => [],
            NicSpec nic => [nic],
            BondSpec bond => Below(bond.Members, depth),
            VlanSpec vlan => Below([vlan.Link], depth),
            BridgeSpec bridge => Below(bridge.Members, depth),
            _ => [],
        };

        private IEnumerable<NicSpec> Below(IEnumerable<string> keys, int depth) =>
            keys.SelectMany(k => system.Interfaces().Where(i => i.Key == k)).SelectMany(i => NicsBelow(i, depth + 1));
    }
}
