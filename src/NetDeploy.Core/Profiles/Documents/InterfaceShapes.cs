using static NetDeploy.Core.Profiles.Documents.ShapeForms;
using static NetDeploy.Core.Profiles.Documents.Shapes;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>The shapes of NICs, and of what is made of them.</summary>
internal static class InterfaceShapes
{
    private static readonly ScalarShape Name = new("an interface name", Formats.InterfaceName, "Such as lan0, bond0, vlan20 or br0.");

    private static readonly ScalarShape Reference = new(
        "a NIC's MAC address, boot, or an interface's name", Formats.InterfaceReference, "Such as 52:54:00:12:34:56, boot, or bond0.");

    private static readonly ListShape Members = new("a list of interfaces", Reference);

    public static ListShape Nics { get; } = new("a list of NICs", Interface("a NIC", new()
    {
        ["mac"] = new ScalarShape("a MAC address, or boot", Formats.MacOrBoot, "Write it as 52:54:00:12:34:56, or boot for the NIC that netboots."),
        ["name"] = Name,
    }), "mac");

    public static ListShape Bonds { get; } = new("a list of bonds", Interface("a bond", new()
    {
        ["name"] = Name,
        ["members"] = Members,
        ["mode"] = Word("active-backup", "802.3ad", "balance-rr", "balance-xor", "broadcast", "balance-tlb", "balance-alb"),
        ["primary"] = Reference,
        ["hashPolicy"] = Word("layer2", "layer2+3", "layer3+4"),
        ["lacpRate"] = Word("slow", "fast"),
    }), "name");

    public static ListShape Vlans { get; } = new("a list of VLANs", Interface("a VLAN", new()
    {
        ["name"] = Name,
        ["id"] = Number("a VLAN's number", 1, 4094, "1 to 4094."),
        ["link"] = Reference,
    }), "name");

    public static ListShape Bridges { get; } = new("a list of bridges", Interface("a bridge", new()
    {
        ["name"] = Name,
        ["members"] = Members,
        ["stp"] = Flag,
    }), "name");

    private static MapShape Interface(string description, Dictionary<string, Shape> own)
    {
        own["dhcp"] = Flag;
        own["addresses"] = new ListShape("a list of addresses with prefix", new ScalarShape(
            "an address with prefix length, or reserved", Formats.AddressWithPrefixOrReserved, "Write it as 10.77.0.21/24, or reserved for the machine's own 'address'."));
        own["gateway"] = Address;
        own["routes"] = new ListShape("a list of routes", Map("a route", new()
        {
            ["to"] = new ScalarShape("a subnet", Formats.AnySubnet, "Write it as 10.80.0.0/16; the default route is 'gateway'."),
            ["via"] = Address,
            ["metric"] = Number("a metric", 0, 1_000_000),
        }), "to");
        own["dns"] = Addresses;
        own["mtu"] = Number("an MTU", 576, 9216);
        return Map(description, own);
    }
}
