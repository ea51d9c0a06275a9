using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using NetDeploy.Core.Addressing;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>The kind <c>Network</c> to its record, and what must hold within it.</summary>
internal static class NetworkDocument
{
    private static readonly TimeSpan s_shortestLease = TimeSpan.FromMinutes(1);

    /// <summary>The keys that only a server that leases has a use for.</summary>
    private static readonly string[] s_ofAddresses = ["pools", "router", "dns", "domain", "leaseTime"];

    public static NetworkSpec Read(LoadedDocument document, DiagnosticBag diagnostics)
    {
        var body = document.Body;

        // A subnet of the wrong shape was reported; the rest is still checked as far as it goes.
        var subnet = IPNetwork.TryParse(body.Text("subnet") ?? "", out var parsed) ? parsed : default(IPNetwork?);
        _ = Durations.TryParse(body.Text("leaseTime") ?? "1h", out var lease);
        var network = new NetworkSpec
        {
            Name = document.Name,
            Subnet = subnet ?? default,
            Mode = body.Text("mode") switch { "proxy" => NetworkMode.Proxy, "shadow" => NetworkMode.Shadow, _ => NetworkMode.Authoritative },
            Pools = ReadPools(body, subnet, diagnostics),
            Router = body.Address("router"),
            DnsServers = body.Addresses("dns"),
            Domain = body.Text("domain"),
            LeaseTime = lease,
            Relays = body.Addresses("relays"),
            UefiLoader = SmallDocuments.ReadLoader(body.Text("uefiLoader")) ?? UefiLoader.Shim,
        };
        if (subnet is { } known && network.Router is { } router && !IsHost(known, router))
        {
            diagnostics.Error(body.OriginOf("router"), "router", $"{router} is no host address of {known}.", "Give the router's address in this subnet, or remove the key.");
        }

        CheckMode(body, network, diagnostics);
        if (lease > TimeSpan.Zero && lease < s_shortestLease)
        {
            diagnostics.Error(body.OriginOf("leaseTime"), "leaseTime", "a lease of less than a minute would end in the middle of a boot.", "Write 1m or more; 1h is the default.");
        }

        return network;
    }

    /// <summary>A proxy says nothing of addresses, so what belongs to them would be lost in silence. A shadow says what it would have said of them.</summary>
    private static void CheckMode(MapCursor body, NetworkSpec network, DiagnosticBag diagnostics)
    {
        if (network.Mode != NetworkMode.Proxy)
        {
            return;
        }

        foreach (var key in s_ofAddresses.Where(key => body.Map?[key] is not null))
        {
            diagnostics.Error(
                body.OriginOf(key), key, $"mode 'proxy' hands out no addresses, so no machine is told of '{key}'.",
                "Remove the key: the main DHCP server says it. Or write mode: authoritative, where no other DHCP server is.");
        }

        if (body.Map?["uefiLoader"] is null)
        {
            diagnostics.Warning(
                body.OriginOf("mode"), "uefiLoader", "UEFI machines get shim and GRUB here, and GRUB asks the server that the main DHCP server names for its configuration.",
                "Write uefiLoader: ipxe, where no machine has Secure Boot on. Or set next-server there to this server, and write uefiLoader: shim.");
        }
    }

    /// <summary>Neither the network's own address nor its broadcast address, but within.</summary>
    public static bool IsHost(IPNetwork network, IPAddress address)
    {
        var all = uint.MaxValue >> network.PrefixLength;
        return network.Contains(address) && (Number(address) & all) is var host && host != 0 && host != all;
    }

    private static ImmutableArray<AddressPool> ReadPools(MapCursor body, IPNetwork? subnet, DiagnosticBag diagnostics)
    {
        var pools = ImmutableArray.CreateBuilder<AddressPool>();
        if (body.Map?["pools"] is not ListNode list)
        {
            return [];
        }

        foreach (var (index, item) in list.Items.Index())
        {
            var path = Paths.Index("pools", index);
            var pool = MapCursor.Of((MapNode)item, path);
            if (pool.Address("first") is not { } first || pool.Address("last") is not { } last)
            {
                continue;
            }

            if (subnet is { } known && (!IsHost(known, first) || !IsHost(known, last)))
            {
                diagnostics.Error(item.Origin, path, $"{first} to {last} does not lie among the host addresses of {known}.", "Take addresses between the subnet's own and its broadcast address.");
            }
            else if (Number(first) > Number(last))
            {
                diagnostics.Error(item.Origin, path, $"{first} is behind {last}.", "Write the lower address as first.");
            }
            else if (pools.Any(p => Number(first) <= Number(p.Last) && Number(p.First) <= Number(last)))
            {
                diagnostics.Error(item.Origin, path, $"{first} to {last} overlaps another pool.", "Each address belongs to one pool.");
            }

            pools.Add(new(first, last));
        }

        return pools.ToImmutable();
    }

    public static uint Number(IPAddress address) => BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());
}
