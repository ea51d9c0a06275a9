using System.Globalization;
using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols;
using NetDeploy.Server.Boot;
using NetDeploy.Server.Leases;

namespace NetDeploy.Server.Tests.Boot;

public class BootNetworksTests
{
    private static readonly MacAddress s_mac = MacAddress.Parse("52:54:00:00:00:01", CultureInfo.InvariantCulture);

    [Fact]
    public void A_network_has_the_servers_address_there_and_one_behind_relays_the_first()
    {
        var networks = Compile([Network("a", "10.77.0.0/24"), Network("b", "10.78.0.0/24"), Network("far", "10.99.0.0/24")], "10.77.0.1", "10.78.0.1");
        Assert.Equal("10.77.0.1", networks.Find(IPAddress.Parse("10.77.0.20"))!.ServerAddress.ToString());
        Assert.Equal("10.78.0.1", networks.Find(IPAddress.Parse("10.78.0.20"))!.ServerAddress.ToString());
        Assert.Equal("10.77.0.1", networks.Find(IPAddress.Parse("10.99.0.20"))!.ServerAddress.ToString());
        Assert.Null(networks.Find(IPAddress.Parse("192.0.2.1")));
        Assert.Null(BootNetworks.None.Find(IPAddress.Parse("10.77.0.20")));
    }

    [Fact]
    public void An_interface_that_no_network_is_on_is_told_but_relays_may_use_any()
    {
        (string, IPAddress)[] interfaces = [("eth1", IPAddress.Parse("10.77.0.1")), ("eth2", IPAddress.Parse("10.88.0.1"))];
        Assert.Contains("eth2 (10.88.0.1)", Assert.Single(Compile([Network("a", "10.77.0.0/24")], "10.77.0.1").Uncovered(interfaces)), StringComparison.Ordinal);
        Assert.Equal(2, BootNetworks.None.Uncovered(interfaces).Count());
        var far = Network("far", "10.99.0.0/24") with { Relays = [IPAddress.Parse("10.99.0.2")] };
        Assert.Empty(Compile([far], "10.77.0.1").Uncovered(interfaces));
    }

    [Fact]
    public void Networks_that_overlap_are_refused_as_a_whole()
    {
        var (networks, diagnostics) = BootNetworks.Of([Network("a", "10.77.0.0/24"), Network("b", "10.77.0.128/25")], [], [IPAddress.Parse("10.77.0.1")]);
        Assert.Null(networks);
        Assert.NotEmpty(diagnostics);
    }

    [Fact]
    public void The_lease_table_speaks_only_for_networks_that_this_server_leases_on()
    {
        var networks = Compile([Network("ours", "10.77.0.0/24")], "10.77.0.1");
        var leases = new OneLease(new LeaseHolder(s_mac, IPAddress.Parse("10.77.0.20"), "ours", DateTimeOffset.MaxValue, null));
        var owners = new LeaseOwners(leases, () => networks, new FakeNeighbours(), [("eth0", IPAddress.Parse("10.77.0.1"))]);
        Assert.Equal(AddressOwner.Of(s_mac), owners.OwnerOf(IPAddress.Parse("10.77.0.20")));
        Assert.Equal(AddressOwnership.Nobody, owners.OwnerOf(IPAddress.Parse("10.77.0.21")).Ownership);
        Assert.Equal(AddressOwnership.Foreign, owners.OwnerOf(IPAddress.Parse("192.0.2.1")).Ownership);
    }

    [Fact]
    public void Where_another_server_leases_ARP_on_our_link_tells_whose_an_address_is()
    {
        var proxied = Network("proxied", "10.77.0.0/24") with { Mode = NetworkMode.Proxy };
        var far = Network("far", "10.99.0.0/24") with { Mode = NetworkMode.Proxy };
        var networks = Compile([proxied, far], "10.77.0.1");
        var neighbours = new FakeNeighbours { [("10.77.0.20", "eth0")] = s_mac, [("10.99.0.20", "eth0")] = s_mac };
        var owners = new LeaseOwners(
            new OneLease(new LeaseHolder(s_mac, IPAddress.Parse("10.77.0.21"), "ours", DateTimeOffset.MaxValue, null)), () => networks, neighbours, [("eth0", IPAddress.Parse("10.77.0.1"))]);
        Assert.Equal(AddressOwner.Neighbour(s_mac), owners.OwnerOf(IPAddress.Parse("10.77.0.20")));
        // An old lease of ours says nothing there, and behind a router ARP would name the router.
        Assert.Equal(AddressOwner.Foreign, owners.OwnerOf(IPAddress.Parse("10.77.0.21")));
        Assert.Equal(AddressOwner.Foreign, owners.OwnerOf(IPAddress.Parse("10.99.0.20")));
    }

    [Fact]
    public void A_network_in_mode_shadow_is_known_and_not_served()
    {
        var networks = Compile([Network("a", "10.77.0.0/24") with { Mode = NetworkMode.Shadow }], "10.77.0.1");
        Assert.NotNull(networks.Find(IPAddress.Parse("10.77.0.20")));
        Assert.Null(networks.Served(IPAddress.Parse("10.77.0.20")));
    }

    private static NetworkSpec Network(string name, string subnet) => new() { Name = name, Subnet = IPNetwork.Parse(subnet) };

    private static BootNetworks Compile(NetworkSpec[] networks, params string[] servers)
    {
        var (compiled, diagnostics) = BootNetworks.Of(networks, [], [.. servers.Select(IPAddress.Parse)]);
        Assert.Empty(diagnostics);
        return compiled!;
    }

    private sealed class OneLease(LeaseHolder lease) : ILeaseTable
    {
        public LeaseHolder? FindByAddress(IPAddress address) => lease.Address.Equals(address) ? lease : null;

        public IReadOnlyList<LeaseHolder> FindByMac(MacAddress mac) => lease.Mac == mac ? [lease] : [];

    }
}
