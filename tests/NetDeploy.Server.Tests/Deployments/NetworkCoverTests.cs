using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Profiles;
using NetDeploy.Server.Deployments;

namespace NetDeploy.Server.Tests.Deployments;

public sealed class NetworkCoverTests
{
    private static readonly IPAddress[] Server = [IPAddress.Parse("10.77.0.1"), IPAddress.Parse("192.168.1.5")];

    private static readonly NetworkSpec Lab = new()
    {
        Name = "lab",
        Subnet = IPNetwork.Parse("10.77.0.0/24"),
        Pools = [new(IPAddress.Parse("10.77.0.100"), IPAddress.Parse("10.77.0.199"))],
    };

    private static readonly NetworkSpec Far = new() { Name = "far", Subnet = IPNetwork.Parse("10.88.0.0/24") };

    [Fact]
    public void A_machine_that_would_be_answered_is_not_objected_to()
    {
        Assert.Null(Objection(null, Lab));
        Assert.Null(Objection(null, Far, Lab));
        Assert.Null(Objection("10.77.0.5", Lab with { Pools = [] }));
        Assert.Null(Objection("10.88.0.5", Far with { Relays = [IPAddress.Parse("10.88.0.1")] }));
        Assert.Null(Objection(null, Lab with { Pools = [], Mode = NetworkMode.Proxy }));
    }

    [Theory]
    [InlineData(null, "none", "There is no Network document", "subnet of the boot network")]
    [InlineData("10.88.0.5", "lab", "No network holds blade1's address 10.88.0.5", "Correct the address")]
    [InlineData("10.88.0.5", "far, lab", "no interface in far (10.88.0.0/24)", "--interface")]
    [InlineData(null, "far", "no interface in far (10.88.0.0/24)", "relays")]
    [InlineData(null, "shadow", "lab is in mode shadow", "mode: proxy")]
    [InlineData("10.77.0.5", "shadow, far", "lab is in mode shadow", "mode: proxy")]
    [InlineData(null, "poolless, far", "No network has an address for blade1: lab without pools", "address:")]
    public void Who_would_not_be_answered_is_told_why(string? address, string networks, string reason, string remedy)
    {
        var known = new Dictionary<string, NetworkSpec>
        {
            ["lab"] = Lab, ["far"] = Far, ["shadow"] = Lab with { Mode = NetworkMode.Shadow, Pools = [] }, ["poolless"] = Lab with { Pools = [] },
        };
        var refusal = Objection(address, [.. networks.Split(", ").Where(known.ContainsKey).Select(n => known[n])]);

        Assert.NotNull(refusal);
        Assert.Contains(reason, refusal.Reason, StringComparison.Ordinal);
        Assert.Contains(remedy, refusal.Remedy, StringComparison.Ordinal);
    }

    private static Refusal? Objection(string? address, params NetworkSpec[] networks) =>
        NetworkCover.Objection(new MachineSpec { Name = "blade1", Address = address is null ? null : IPAddress.Parse(address) }, networks, Server);
}
