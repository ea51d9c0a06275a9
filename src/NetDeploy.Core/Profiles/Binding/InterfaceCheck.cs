using System.Collections.Immutable;
using System.Net.Sockets;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>What must hold among interfaces. networkd takes most of this without a word, and the machine is then not on the network.</summary>
internal sealed class InterfaceCheck
{
    private const int EthernetMtu = 1500;

    private readonly SystemSpec _spec;
    private readonly DiagnosticBag _diagnostics;
    private readonly MapCursor _system;
    private readonly Dictionary<string, MapCursor> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, InterfaceSpec> _known = new(StringComparer.Ordinal);

    private InterfaceCheck(MapCursor system, SystemSpec spec, DiagnosticBag diagnostics)
    {
        (_system, _spec, _diagnostics) = (system, spec, diagnostics);
        foreach (var cursor in system.Items("nics", "mac").Concat(system.Items("bonds")).Concat(system.Items("vlans")).Concat(system.Items("bridges")))
        {
            _places.TryAdd(cursor.Text("mac") ?? cursor.Text("name")!, cursor);
        }
    }

    public static void Run(MapCursor system, SystemSpec spec, DiagnosticBag diagnostics)
    {
        var check = new InterfaceCheck(system, spec, diagnostics);
        check.CheckNames();
        check.CheckMembers();
        check.CheckVlans();
        check.CheckCycles();
        foreach (var one in spec.Interfaces())
        {
            check.CheckOwn(one);
        }

        check.CheckAddresses();
        check.CheckGateways(AddressFamily.InterNetwork, "IPv4");
        check.CheckGateways(AddressFamily.InterNetworkV6, "IPv6");
    }

    private MapCursor At(string key) => _places.TryGetValue(key, out var place) ? place : _system;

    private void CheckNames()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var one in _spec.Interfaces())
        {
            _known.TryAdd(one.Key, one);
            var name = one is NicSpec nic ? nic.Name : one.Key;
            if (name is not null && !names.Add(name))
            {
                _diagnostics.Error(At(one.Key).OriginOf("name"), At(one.Key).PathOf("name"), $"another interface of this machine has the name '{name}'.", "Give each its own.");
            }
        }
    }

    /// <summary>A member exists, is of the right sort, belongs to one thing, and has no address of its own.</summary>
    private void CheckMembers()
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (owner, member, isBond) in _spec.Bonds.SelectMany(b => b.Members, (b, m) => (b.Name, m, true))
            .Concat(_spec.Bridges.SelectMany(b => b.Members, (b, m) => (b.Name, m, false))))
        {
            var at = At(owner);
            if (Find(at, "members", member) is not { } found)
            {
                continue;
            }

            if (isBond ? found is not NicSpec : found is BridgeSpec)
            {
                _diagnostics.Error(at.OriginOf("members"), at.PathOf("members"), $"'{member}' cannot be a member of a {(isBond ? "bond" : "bridge")}.", isBond ? "A bond is made of NICs; lay bridges and VLANs on the bond." : "A bridge is made of NICs, bonds and VLANs.");
            }
            else if (!owners.TryAdd(member, owner))
            {
                _diagnostics.Error(at.OriginOf("members"), at.PathOf("members"), $"'{member}' is a member of '{owners[member]}' already.", "An interface belongs to one bond or bridge.");
            }
            else if (found.Dhcp || found.Addresses.Length > 0 || found.Gateway is not null || found.Routes.Length > 0 || found.DnsServers.Length > 0)
            {
                var place = At(member);
                _diagnostics.Error(place.At, place.Path, $"it is a member of '{owner}': addresses, DHCP, routes and resolvers have no effect on it.", $"Write them at '{owner}'.");
            }
        }

        foreach (var bond in _spec.Bonds)
        {
            CheckBond(bond, At(bond.Name));
        }
    }

    private void CheckBond(BondSpec bond, MapCursor at)
    {
        if (bond.Members.Length == 0)
        {
            _diagnostics.Error(at.At, at.PathOf("members"), "the bond has no member.", "Add 'members:' with the MAC addresses of its NICs, or boot.");
        }
        else if (bond.Members.Length == 1)
        {
            _diagnostics.Warning(at.OriginOf("members"), at.PathOf("members"), "a bond of one NIC has nothing to fall back on.", "Add another member.");
        }

        if (bond.Primary is { } primary && !bond.Members.Contains(primary))
        {
            _diagnostics.Error(at.OriginOf("primary"), at.PathOf("primary"), $"'{primary}' is no member of the bond.", "Name one of its members.");
        }

        if (bond.Primary is not null && bond.Mode is not (BondMode.ActiveBackup or BondMode.BalanceTransmit or BondMode.BalanceAdaptive))
        {
            _diagnostics.Error(at.OriginOf("primary"), at.PathOf("primary"), "in this mode the bond prefers no member.", "Remove 'primary', or write mode: active-backup.");
        }

        if (bond.FastLacp && bond.Mode != BondMode.Lacp)
        {
            _diagnostics.Error(at.OriginOf("lacpRate"), at.PathOf("lacpRate"), "only mode 802.3ad speaks LACP.", "Remove 'lacpRate', or write mode: 802.3ad.");
        }

        if (bond.HashPolicy is not null && bond.Mode is not (BondMode.Lacp or BondMode.BalanceXor or BondMode.BalanceTransmit))
        {
            _diagnostics.Error(at.OriginOf("hashPolicy"), at.PathOf("hashPolicy"), "in this mode the bond hashes nothing.", "Remove 'hashPolicy', or write mode: 802.3ad.");
        }
    }

    private void CheckVlans()
    {
        var seen = new Dictionary<(string Link, int Id), string>();
        foreach (var vlan in _spec.Vlans)
        {
            var at = At(vlan.Name);
            if (Find(at, "link", vlan.Link) is not { } link)
            {
                continue;
            }

            if (link is VlanSpec)
            {
                _diagnostics.Error(at.OriginOf("link"), at.PathOf("link"), "a VLAN within a VLAN is not described here.", "Let a NIC, bond or bridge carry it.");
            }
            else if (_spec.Bonds.FirstOrDefault(b => b.Members.Contains(vlan.Link)) is { } bond)
            {
                _diagnostics.Error(at.OriginOf("link"), at.PathOf("link"), $"'{vlan.Link}' is a member of bond '{bond.Name}', which takes all its packets.", $"Write link: {bond.Name}.");
            }
            else if (!seen.TryAdd((vlan.Link, vlan.Id), vlan.Name))
            {
                _diagnostics.Error(at.OriginOf("id"), at.PathOf("id"), $"'{seen[(vlan.Link, vlan.Id)]}' is VLAN {vlan.Id} on '{vlan.Link}' already.", "Remove one of them.");
            }
        }
    }

    /// <summary>Bridge over VLAN over the same bridge: each alone is fine.</summary>
    private void CheckCycles()
    {
        foreach (var bridge in _spec.Bridges)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            var open = new Stack<string>(bridge.Members);
            while (open.TryPop(out var key))
            {
                if (key == bridge.Name)
                {
                    var at = At(bridge.Name);
                    _diagnostics.Error(at.OriginOf("members"), at.PathOf("members"), $"'{bridge.Name}' lies on itself, through its members.", "Remove the VLAN that it carries from its members.");
                    break;
                }

                if (seen.Add(key) && _known.TryGetValue(key, out var one))
                {
                    foreach (var lower in Lower(one))
                    {
                        open.Push(lower);
                    }
                }
            }
        }
    }

    private void CheckOwn(InterfaceSpec one)
    {
        var at = At(one.Key);
        var carries = _spec.Bonds.Any(b => b.Members.Contains(one.Key)) || _spec.Bridges.Any(b => b.Members.Contains(one.Key)) || _spec.Vlans.Any(v => v.Link == one.Key);
        if (one is { Dhcp: false, Addresses.Length: 0 } and not BridgeSpec && !carries && !at.Texts("addresses").Contains("reserved"))
        {
            _diagnostics.Warning(at.At, at.Path, "the interface has neither DHCP nor an address.", "Say dhcp: true, or give it addresses.");
        }

        if (one.Gateway is { } gateway && !one.Addresses.Any(a => Contains(a, gateway)))
        {
            _diagnostics.Error(at.OriginOf("gateway"), at.PathOf("gateway"), $"{gateway} lies in no subnet of this interface's addresses.", "Correct the gateway, or add an address with the right prefix.");
        }

        foreach (var (route, place) in one.Routes.Zip(at.Items("routes", "to")))
        {
            if (route.Via is { } via && via.AddressFamily != route.Destination.Address.AddressFamily)
            {
                _diagnostics.Error(place.OriginOf("via"), place.PathOf("via"), $"{via} and {route.Destination} are of different families.", "Give a router of the subnet's family.");
            }
            else if (route.Via is { } router && !one.Dhcp && !one.Addresses.Any(a => Contains(a, router)))
            {
                _diagnostics.Error(place.OriginOf("via"), place.PathOf("via"), $"{router} lies in no subnet of this interface's addresses.", "Correct the router, or add an address with the right prefix.");
            }
        }

        if (one is VlanSpec or BridgeSpec && one.Mtu is { } mtu
            && Lower(one).Select(k => _known.GetValueOrDefault(k)).FirstOrDefault(l => l is not null && (l.Mtu ?? EthernetMtu) < mtu) is { } small)
        {
            _diagnostics.Error(at.OriginOf("mtu"), at.PathOf("mtu"), $"'{small.Key}' below it passes {small.Mtu ?? EthernetMtu} bytes at a time.", $"Write mtu: {mtu} there too.");
        }
    }

    private void CheckAddresses()
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (one, address) in _spec.Interfaces().SelectMany(i => i.Addresses, (i, a) => (i, a.Address.ToString())))
        {
            if (!owners.TryAdd(address, one.Key))
            {
                var at = At(one.Key);
                _diagnostics.Error(at.OriginOf("addresses"), at.PathOf("addresses"), $"{address} is also on '{owners[address]}'.", "Each address belongs to one interface.");
            }
        }
    }

    private void CheckGateways(AddressFamily family, string name)
    {
        var with = _spec.Interfaces().Where(i => i.Gateway?.AddressFamily == family).ToArray();
        foreach (var second in with.Skip(1))
        {
            var at = At(second.Key);
            _diagnostics.Error(at.OriginOf("gateway"), at.PathOf("gateway"), $"'{with[0].Key}' has an {name} gateway too: which one is used would be chance.", "Give one interface the gateway, and the others 'routes'.");
        }
    }

    private InterfaceSpec? Find(MapCursor at, string key, string reference)
    {
        if (_known.TryGetValue(reference, out var found))
        {
            return found;
        }

        var names = _known.Values.Select(i => i is NicSpec { Name: { } name } ? name : i.Key);
        _diagnostics.Error(at.OriginOf(key), at.PathOf(key), $"there is no interface '{reference}'.", Spelling.Remedy(reference, names));
        return null;
    }

    private static ImmutableArray<string> Lower(InterfaceSpec one) => one switch
    {
        VlanSpec vlan => [vlan.Link],
        BondSpec bond => bond.Members,
        BridgeSpec bridge => bridge.Members,
        _ => [],
    };

    private static bool Contains(AddressSpec address, System.Net.IPAddress other)
    {
        var (a, b) = (address.Address.GetAddressBytes(), other.GetAddressBytes());
        return a.Length == b.Length && Enumerable.Range(0, address.PrefixLength).All(bit => ((a[bit / 8] ^ b[bit / 8]) & (0x80 >> (bit % 8))) == 0);
    }
}
