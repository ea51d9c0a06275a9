using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Tests.Profiles;

/// <summary>NICs, bonds, VLANs and bridges: what they become, and what is refused at its line.</summary>
public sealed class InterfaceTests
{
    private const string Boot = "boot";
    private const string A = "52:54:00:00:00:01";
    private const string B = "52:54:00:00:00:02";

    [Theory]
    [InlineData("bonds: [{name: bond0}]", "bonds[bond0].members", "has no member", "members")]
    [InlineData("bonds: [{name: bond0, members: [boot, lan1]}]", "bonds[bond0].members", "no interface 'lan1'", "")]
    [InlineData("bonds: [{name: bond0, members: [boot, br0]}]\n  bridges: [{name: br0}]", "bonds[bond0].members", "cannot be a member of a bond", "on the bond")]
    [InlineData("bonds: [{name: bond0, members: [boot, '" + A + "']}]\n  bridges: [{name: br0, members: [boot]}]", "bridges[br0].members", "member of 'bond0' already", "one bond or bridge")]
    [InlineData("nics: [{mac: boot, dhcp: true}]\n  bridges: [{name: br0, members: [boot]}]", "nics[boot]", "have no effect", "at 'br0'")]
    [InlineData("nics: [{mac: boot, addresses: [10.0.0.2/24]}]\n  bridges: [{name: br0, members: [boot]}]", "nics[boot]", "have no effect", "at 'br0'")]
    [InlineData("bonds: [{name: bond0, members: [boot, '" + A + "'], primary: '" + B + "'}]", "bonds[bond0].primary", "no member of the bond", "")]
    [InlineData("bonds: [{name: bond0, members: [boot, '" + A + "'], mode: 802.3ad, primary: boot}]", "bonds[bond0].primary", "prefers no member", "active-backup")]
    [InlineData("bonds: [{name: bond0, members: [boot, '" + A + "'], lacpRate: fast}]", "bonds[bond0].lacpRate", "802.3ad", "")]
    [InlineData("bonds: [{name: bond0, members: [boot, '" + A + "'], hashPolicy: layer2}]", "bonds[bond0].hashPolicy", "hashes nothing", "")]
    [InlineData("bonds: [{name: bond0, members: [boot, '" + A + "'], mode: lacp}]", "bonds[bond0].mode", "is none of", "")]
    [InlineData("vlans: [{name: vlan20, id: 4095, link: boot}]", "vlans[vlan20].id", "from 1 to 4094", "")]
    [InlineData("vlans: [{name: vlan20, id: 0, link: boot}]", "vlans[vlan20].id", "from 1 to 4094", "")]
    [InlineData("vlans: [{name: vlan20, link: boot}]", "vlans[vlan20].id", "does not say its 'id'", "id")]
    [InlineData("vlans: [{name: vlan20, id: 20}]", "vlans[vlan20].link", "does not say its 'link'", "carries it")]
    [InlineData("vlans: [{name: vlan20, id: 20, link: bond1}]\n  bonds: [{name: bond0, members: [boot, '" + A + "']}]", "vlans[vlan20].link", "no interface 'bond1'", "'bond0'")]
    [InlineData("vlans: [{name: vlan20, id: 20, link: boot}, {name: vlan21, id: 21, link: vlan20}]", "vlans[vlan21].link", "VLAN within a VLAN", "")]
    [InlineData("vlans: [{name: vlan20, id: 20, link: boot}, {name: other, id: 20, link: boot}]", "vlans[other].id", "already", "Remove one")]
    [InlineData("vlans: [{name: vlan20, id: 20, link: boot}]\n  bonds: [{name: bond0, members: [boot, '" + A + "']}]", "vlans[vlan20].link", "takes all its packets", "link: bond0")]
    [InlineData("vlans: [{name: vlan20, id: 20, link: br0}]\n  bridges: [{name: br0, members: [vlan20]}]", "bridges[br0].members", "lies on itself", "Remove")]
    [InlineData("vlans: [{name: vlan20, id: 20, link: boot, mtu: 9000}]", "vlans[vlan20].mtu", "passes 1500 bytes", "mtu: 9000")]
    [InlineData("nics: [{mac: boot, mtu: 1500}]\n  bridges: [{name: br0, members: [boot], mtu: 9000}]", "bridges[br0].mtu", "passes 1500 bytes", "mtu: 9000")]
    [InlineData("bridges: [{name: a-long-bridge-name}]", "bridges[a-long-bridge-name].name", "longer than the 15", "")]
    [InlineData("bridges: [{name: eth0}]", "bridges[eth0].name", "the system gives itself", "")]
    [InlineData("bridges: [{name: lo}]", "bridges[lo].name", "the system gives itself", "")]
    [InlineData("bridges: [{name: enp3s0}]", "bridges[enp3s0].name", "the system gives itself", "")]
    [InlineData("bridges: [{name: Br0}]", "bridges[Br0].name", "is no interface name", "")]
    [InlineData("bridges: [{name: '..'}]", "bridges[..].name", "is no interface name", "")]
    [InlineData("nics: [{mac: boot, name: lan0}]\n  bridges: [{name: lan0}]", "bridges[lan0].name", "another interface", "its own")]
    [InlineData("nics: [{mac: boot, name: lan0}, {mac: '" + A + "', name: lan0}]", "nics[" + A + "].name", "another interface", "its own")]
    [InlineData("nics: [{mac: '" + A + "', addresses: [10.0.0.2/24], gateway: 10.0.0.1}]\n  bridges: [{name: br0, members: [boot], addresses: [10.1.0.2/24], gateway: 10.1.0.1}]", "bridges[br0].gateway", "IPv4 gateway too", "routes")]
    [InlineData("nics: [{mac: '" + A + "', addresses: ['fd00::2/64'], gateway: 'fd00::1'}, {mac: '" + B + "', addresses: ['fd01::2/64'], gateway: 'fd01::1'}]", "nics[" + B + "].gateway", "IPv6 gateway too", "")]
    [InlineData("nics: [{mac: '" + A + "', addresses: [10.0.0.2/24]}, {mac: '" + B + "', addresses: [10.0.0.2/16]}]", "nics[" + B + "].addresses", "is also on", "")]
    [InlineData("nics: [{mac: boot, addresses: [10.0.0.2/24], routes: [{to: 10.9.0.0/16, via: 10.1.0.1}]}]", "nics[boot].routes[10.9.0.0/16].via", "in no subnet", "")]
    [InlineData("nics: [{mac: boot, routes: [{to: 10.9.0.0/16, via: 'fd00::1'}]}]", "nics[boot].routes[10.9.0.0/16].via", "different families", "")]
    [InlineData("nics: [{mac: boot, routes: [{to: 10.9.0.1/16}]}]", "nics[boot].routes[10.9.0.1/16].to", "bits set beyond", "")]
    [InlineData("nics: [{mac: boot, routes: [{to: 0.0.0.0/0, via: 10.0.0.1}]}]", "nics[boot].routes[0.0.0.0/0].to", "default route", "gateway")]
    [InlineData("nics: [{mac: boot, routes: [{via: 10.0.0.1}]}]", "nics[boot].routes[0]", "'to' is missing", "")]
    [InlineData("bridges: [{name: br0, members: [boot], addresses: [reserved]}]", "bridges[br0].addresses", "no reserved address", "address:")]
    public void What_cannot_work_is_refused_at_its_line(string system, string path, string message, string remedy)
    {
        var result = ShippedFiles.Parse(ShippedFiles.Site, ShippedFiles.MachineWith("  " + system));

        Assert.Null(result.Value);
        var error = result.Diagnostics.First(d => d.Severity == Severity.Error);
        Assert.Equal("system." + path, error.Path);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
        Assert.InRange(error.Line, 7, 8);
    }

    [Fact]
    public void A_bond_of_one_is_a_warning()
    {
        var result = ShippedFiles.Parse(ShippedFiles.Site, ShippedFiles.MachineWith("  bonds: [{name: bond0, members: [boot]}]"));

        Assert.NotNull(result.Value);
        Assert.Equal((Severity.Warning, "system.bonds[bond0].members", 7), (Assert.Single(result.Diagnostics).Severity, result.Diagnostics[0].Path, result.Diagnostics[0].Line));
    }

    [Fact]
    public void Bridge_over_VLAN_over_bond_over_NICs_is_what_it_says()
    {
        var system = Load(
            """
              nics: [{mac: boot, name: lan0}]
              bonds: [{name: bond0, members: [lan0, 52-54-00-00-00-01], primary: boot}]
              vlans: [{name: vlan20, id: 20, link: bond0}]
              bridges: [{name: br20, members: [vlan20], addresses: [reserved], routes: [{to: 10.9.0.0/16, via: 10.77.0.9, metric: 5}]}]
            """, "address: 10.77.0.21");

        Assert.Equal([Boot, A], system.Nics.Select(n => n.Key));
        Assert.Equal([Boot, A], system.Bonds[0].Members);
        Assert.Equal((Boot, BondMode.ActiveBackup), (system.Bonds[0].Primary, system.Bonds[0].Mode));
        Assert.Equal(("bond0", 20), (system.Vlans[0].Link, system.Vlans[0].Id));

        // What carries others asks for no address.
        Assert.Equal([false, false, false, false, false], system.Interfaces().Select(i => i.Dhcp));
        var bridge = system.Bridges[0];
        Assert.Equal("10.77.0.21/24", Assert.Single(bridge.Addresses).ToString());
        Assert.Equal(("10.77.0.1", "10.77.0.9"), (bridge.Gateway?.ToString(), bridge.Routes[0].Via?.ToString()));
    }

    [Fact]
    public void Interfaces_merge_by_name_and_members_are_replaced_whole()
    {
        const string Profile = "apiVersion: netdeploy/v1\nkind: Profile\nname: host\nsystem:\n  bonds: [{name: bond0, mode: 802.3ad, members: [boot]}]\n  bridges: [{name: br0, members: [bond0], stp: true}]\n";
        var machine = ShippedFiles.MachineWith($"  bonds: [{{name: bond0, members: [boot, '{A}']}}]\n  bridges: [{{name: br0, mtu: 1400}}]").Replace("[minimal]", "[minimal, host]", StringComparison.Ordinal);
        var system = ShippedFiles.Load(ShippedFiles.Site, Profile, machine).Recipes["blade1"].System;

        Assert.Equal((BondMode.Lacp, 2), (system.Bonds[0].Mode, system.Bonds[0].Members.Length));
        Assert.Equal((true, 1400, true), (system.Bridges[0].Stp, system.Bridges[0].Mtu, system.Bridges[0].Dhcp));
    }

    [Fact]
    public void A_profile_that_takes_the_reserved_address_is_fine_by_itself()
    {
        var result = ShippedFiles.Parse("apiVersion: netdeploy/v1\nkind: Profile\nname: static\nsystem:\n  nics: [{mac: boot, addresses: [reserved]}]\n");

        Assert.NotNull(result.Value);
        Assert.DoesNotContain(result.Diagnostics, d => d.Message.Contains("reserved", StringComparison.Ordinal));
    }

    private static SystemSpec Load(string system, string more) =>
        ShippedFiles.Load(ShippedFiles.Site, ShippedFiles.Network, ShippedFiles.Machine(more: more + "\nsystem:\n" + system)).Recipes["blade1"].System;
}
