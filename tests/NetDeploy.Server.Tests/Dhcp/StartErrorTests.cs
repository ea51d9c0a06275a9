using System.Diagnostics;
using System.Runtime.Versioning;
using NetDeploy.Server.Dhcp;

namespace NetDeploy.Server.Tests.Dhcp;

[SupportedOSPlatform("linux")]
public sealed class StartErrorTests
{
    [Theory]
    [InlineData("nosuch0", "10.99.0.1", "There is no interface nosuch0")]
    [InlineData("srv0", "10.99.0.9", "ip addr add 10.99.0.9/24 dev srv0")]
    [InlineData("srv0", "10.99.0.1", "UDP port 67 on srv0 is taken")]
    public void What_keeps_it_from_starting_is_said_with_its_remedy(string name, string address, string expected)
    {
        TestNetwork.SkipUnlessPossible();
        using var network = new TestNetwork();
        using var running = new TestServer(network);
        using var second = running.NewServer(name, address);
        var error = Assert.Throws<AggregateException>(() => network.InServer(second.Start)).InnerException;
        var fault = Assert.IsType<ServerFault>(error);
        Assert.Contains(expected, $"{fault.Message} {fault.Remedy}", StringComparison.Ordinal);
    }

    [Fact]
    public void An_interface_that_goes_away_for_a_while_is_served_again()
    {
        TestNetwork.SkipUnlessPossible("busybox");
        using var network = new TestNetwork();
        using var server = new TestServer(network);
        TestNetwork.Run("ip", ["-n", network.Server, "link", "set", "srv0", "down"]);
        TestNetwork.Run("ip", ["-n", network.Server, "link", "set", "srv0", "up"]);
        var since = Stopwatch.StartNew();
        while (server.Events.IsEmpty && since.Elapsed < TimeSpan.FromSeconds(20))
        {
            network.RunInClient("busybox", "udhcpc", "-i", "cli0", "-f", "-q", "-n", "-t", "2", "-T", "1", "-s", "/bin/true");
        }

        Assert.NotEmpty(server.Events);
    }
}
