using System.Net;
using NetDeploy.Core.Addressing;

namespace NetDeploy.Core.Tests.Addressing;

public sealed class AddressingCompilerTests
{
    public static TheoryData<string, string> Mistakes => new()
    {
        { "overlapping pools", "network lab: pool 10.77.0.103 to 10.77.0.110 overlaps 10.77.0.100 to 10.77.0.103" },
        { "pool outside", "network lab: pool 10.78.0.1 to 10.78.0.9 is not inside 10.77.0.0/24" },
        { "pool with broadcast", "network lab: pool 10.77.0.200 to 10.77.0.255 is not inside" },
        { "backward pool", "network lab: pool 10.77.0.9 to 10.77.0.8 ends before it begins" },
        { "overlapping networks", "network lab2: subnet 10.77.0.128/25 overlaps 10.77.0.0/24 of network lab" },
        { "same name", "network lab: the name is used twice" },
        { "router outside", "network lab: router 10.78.0.1 is not in 10.77.0.0/24" },
        { "short lease", "network lab: a lease time of 00:00:10 is out of bounds" },
        { "ipv6", "network lab: subnet fd00::/64 is not an IPv4 subnet" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_in_a_network_is_reported_and_nothing_is_served(string mistake, string expected)
    {
        var lab = World.Lab;
        NetworkSpec[] networks = mistake switch
        {
            "overlapping pools" => [lab with { Pools = [.. lab.Pools, Pool("10.77.0.103", "10.77.0.110")] }],
            "pool outside" => [lab with { Pools = [Pool("10.78.0.1", "10.78.0.9")] }],
            "pool with broadcast" => [lab with { Pools = [Pool("10.77.0.200", "10.77.0.255")] }],
            "backward pool" => [lab with { Pools = [Pool("10.77.0.9", "10.77.0.8")] }],
            "overlapping networks" => [lab, lab with { Name = "lab2", Subnet = IPNetwork.Parse("10.77.0.128/25"), Pools = [], Router = null }],
            "same name" => [lab, World.Far with { Name = "lab" }],
            "router outside" => [lab with { Router = IPAddress.Parse("10.78.0.1") }],
            "short lease" => [lab with { LeaseTime = TimeSpan.FromSeconds(10) }],
            _ => [lab with { Subnet = IPNetwork.Parse("fd00::/64") }],
        };
        var (snapshot, diagnostics) = AddressingSnapshot.Compile(networks, [], []);
        Assert.Null(snapshot);
        Assert.StartsWith(expected, Assert.Single(diagnostics).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.99.0.5", "52:54:00:00:00:09", "10.99.0.5 is on none of the networks")]
    [InlineData("10.77.0.255", "52:54:00:00:00:09", "10.77.0.255 is on none of the networks")]
    [InlineData("10.77.0.7", "52:54:00:00:00:09", "10.77.0.7 is reserved for 52:54:00:00:00:01 (blade) as well")]
    [InlineData("10.77.0.8", "52:54:00:00:00:01", "network lab has 10.77.0.7 reserved for this MAC as well")]
    [InlineData("10.77.0.254", "52:54:00:00:00:09", "10.77.0.254 is the router of network lab")]
    [InlineData("10.77.0.8", "53:54:00:00:00:09", "no NIC has this MAC address")]
    public void A_mistake_in_a_reservation_is_reported(string address, string mac, string expected)
    {
        var (snapshot, diagnostics) = AddressingSnapshot.Compile(
            [World.Lab, World.Far], [World.Reservation("10.77.0.7"), World.Reservation(address, mac)], []);
        Assert.Null(snapshot);
        Assert.Contains(expected, Assert.Single(diagnostics).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_of_a_network_that_another_server_leases_cannot_be_reserved_here()
    {
        var (snapshot, diagnostics) = AddressingSnapshot.Compile([World.Lab with { Mode = NetworkMode.Proxy }], [World.Reservation("10.77.0.7")], []);
        Assert.Null(snapshot);
        Assert.Contains("whose addresses another server leases", Assert.Single(diagnostics).Problem, StringComparison.Ordinal);
        Assert.Empty(AddressingSnapshot.Compile([World.Lab with { Mode = NetworkMode.Shadow }], [World.Reservation("10.77.0.7")], []).Diagnostics);
    }

    [Fact]
    public void One_nic_may_have_an_address_in_each_network() =>
        Assert.Empty(AddressingSnapshot.Compile([World.Lab, World.Far], [World.Reservation("10.77.0.7"), World.Reservation("10.88.0.7")], []).Diagnostics);

    private static AddressPool Pool(string first, string last) => new(IPAddress.Parse(first), IPAddress.Parse(last));
}
