using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Profiles.Documents;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>Network interfaces and resolvers.</summary>
/// <param name="networks">Where the word <c>reserved</c> takes prefix length, router and name servers from.</param>
internal sealed class InterfaceBinder(MapCursor system, MachineSpec machine, IEnumerable<NetworkSpec> networks, DiagnosticBag diagnostics)
{
    private const string Reserved = "reserved";

    /// <summary>The keys of NICs that were given a name.</summary>
    private readonly Dictionary<string, string> _named = system.Items("nics", "mac")
        .Where(n => n.Has("name"))
        .DistinctBy(n => n.Text("name"))
        .ToDictionary(n => n.Text("name")!, n => n.Text("mac")!, StringComparer.Ordinal);

    /// <summary>What carries others asks nobody for an address, unless it is told to.</summary>
    private HashSet<string> _carriers = [];

    public static DnsSpec ReadDns(MapCursor system)
    {
        var dns = system.Below("dns");
        return new() { Servers = dns.Addresses("servers"), Search = dns.Texts("search") };
    }

    /// <summary>Every address of any interface, without a look at the rest.</summary>
    public static ImmutableArray<IPAddress> AddressesOf(MapCursor system, MachineSpec machine) =>
    [
        .. TextsOf(system)
            .Select(text => text == Reserved ? machine.Address : Values.TryAddressWithPrefix(text, out var address) ? address.Address : null)
            .OfType<IPAddress>()
            .Distinct(),
    ];

    /// <summary>Whether an address is written there, and not only the word <c>reserved</c>.</summary>
    public static bool NamesAddresses(MapCursor system) => TextsOf(system).Any(text => text != Reserved);

    private static IEnumerable<string> TextsOf(MapCursor system) =>
        system.Items("nics", "mac").Concat(system.Items("bonds")).Concat(system.Items("vlans")).Concat(system.Items("bridges")).SelectMany(i => i.Texts("addresses"));

    /// <summary>The interfaces alone: the other parts of the result are taken over from <paramref name="read"/>.</summary>
    public SystemSpec ReadInto(SystemSpec read)
    {
        _carriers = system.Items("bonds").Concat(system.Items("bridges")).SelectMany(i => Keys(i, "members"))
            .Concat(system.Items("vlans").Where(v => v.Has("link")).Select(v => Key(v.Text("link")!)))
            .ToHashSet(StringComparer.Ordinal);
        var with = read with
        {
            Nics = [.. system.Items("nics", "mac").Select(ReadNic), .. Unlisted().Select(key => new NicSpec { Mac = Mac(key), Dhcp = false })],
            Bonds = [.. system.Items("bonds").Select(ReadBond)],
            Vlans = [.. system.Items("vlans").Select(ReadVlan).OfType<VlanSpec>()],
            Bridges = [.. system.Items("bridges").Select(ReadBridge)],
        };
        InterfaceCheck.Run(system, with, diagnostics);
        return with;
    }

    private static MacAddress? Mac(string key) => key == NicSpec.BootKey ? null : MacAddress.Parse(key, CultureInfo.InvariantCulture);

    /// <summary>A NIC of which nothing is said but that something lies on it needs no entry of its own.</summary>
    private IEnumerable<string> Unlisted()
    {
        var listed = system.Items("nics", "mac").Select(n => n.Text("mac")!).ToHashSet(StringComparer.Ordinal);
        return _carriers.Where(c => !listed.Contains(c) && (c == NicSpec.BootKey || MacAddress.TryParse(c, CultureInfo.InvariantCulture, out _))).Order(StringComparer.Ordinal);
    }

    private string Key(string reference) => _named.GetValueOrDefault(reference, reference);

    private ImmutableArray<string> Keys(MapCursor at, string key) => [.. at.Texts(key).Select(Key).Distinct(StringComparer.Ordinal)];

    private NicSpec ReadNic(MapCursor nic) => Common(nic, new NicSpec { Mac = Mac(nic.Text("mac")!), Name = nic.Text("name") });

    private BondSpec ReadBond(MapCursor bond) => Common(bond, new BondSpec
    {
        Name = bond.Text("name")!,
        Members = Keys(bond, "members"),
        Mode = bond.Text("mode") switch
        {
            "802.3ad" => BondMode.Lacp,
            "balance-rr" => BondMode.BalanceRoundRobin,
            "balance-xor" => BondMode.BalanceXor,
            "broadcast" => BondMode.Broadcast,
            "balance-tlb" => BondMode.BalanceTransmit,
            "balance-alb" => BondMode.BalanceAdaptive,
            _ => BondMode.ActiveBackup,
        },
        Primary = bond.Text("primary") is { } primary ? Key(primary) : null,
        HashPolicy = bond.Text("hashPolicy"),
        FastLacp = bond.Text("lacpRate") == "fast",
    });

    private VlanSpec? ReadVlan(MapCursor vlan)
    {
        foreach (var missing in ((string[])["id", "link"]).Where(k => !vlan.Has(k)))
        {
            diagnostics.Error(vlan.At, vlan.PathOf(missing), $"the VLAN does not say its '{missing}'.", missing == "id" ? "Add 'id: ', 1 to 4094." : "Add 'link: ' with the NIC, bond or bridge that carries it.");
        }

        return vlan.Number("id") is { } id && vlan.Text("link") is { } link ? Common(vlan, new VlanSpec(vlan.Text("name")!, id, Key(link))) : null;
    }

    private BridgeSpec ReadBridge(MapCursor bridge) => Common(bridge, new BridgeSpec
    {
        Name = bridge.Text("name")!,
        Members = Keys(bridge, "members"),
        Stp = bridge.Flag("stp") ?? false,
    });

    private T Common<T>(MapCursor at, T made)
        where T : InterfaceSpec
    {
        var reserved = at.Texts("addresses").Contains(Reserved) ? ReservedAddress(at) : null;
        var addresses = at.Texts("addresses")
            .Select(text => text == Reserved ? reserved?.Address : Values.TryAddressWithPrefix(text, out var address) ? address : null)
            .OfType<AddressSpec>();
        InterfaceSpec common = made;
        return (T)(common with
        {
            Addresses = [.. addresses],
            Dhcp = at.Flag("dhcp") ?? (at.Texts("addresses").Length == 0 && !_carriers.Contains(made.Key) && made is not BridgeSpec { Members.Length: 0 }),
            Gateway = at.Address("gateway") ?? reserved?.Network.Router,
            Routes = [.. at.Items("routes", "to").Select(r => new RouteSpec(Subnet(r.Text("to")!), r.Address("via"), r.Number("metric")))],
            DnsServers = at.Has("dns") ? at.Addresses("dns") : reserved?.Network.DnsServers ?? [],
            Mtu = at.Number("mtu"),
        });
    }

    /// <summary>The machine's own address as a static one; null where there is none.</summary>
    private (AddressSpec Address, NetworkSpec Network)? ReservedAddress(MapCursor at)
    {
        if (machine.Address is { } address && networks.FirstOrDefault(n => n.Subnet.Contains(address)) is { } network)
        {
            return (new(address, network.Subnet.PrefixLength), network);
        }

        // A profile that is tried by itself has no machine whose address could be meant.
        if (machine.Origin is not null)
        {
            diagnostics.Error(at.OriginOf("addresses"), at.PathOf("addresses"), "the machine has no reserved address.", "Give the machine an 'address:' in a network, or write the address here.");
        }

        return null;
    }

    private static AddressSpec Subnet(string text) => Values.TryAddressWithPrefix(text, out var subnet) ? subnet : new(IPAddress.Any, 0);
}
