using System.Runtime.Versioning;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Server.Tests.Dhcp;

/// <summary>Busybox's client against the real server.</summary>
[SupportedOSPlatform("linux")]
public sealed class UdhcpcTests
{
    [Fact]
    public void It_gets_an_address_with_everything_of_the_network_and_the_same_one_again()
    {
        TestNetwork.SkipUnlessPossible("busybox");
        using var network = new TestNetwork();
        using var server = new TestServer(network);

        var first = Run(network);
        Assert.Equal("10.99.0.100", first["ip"]);
        Assert.Equal("255.255.255.0", first["subnet"]);
        Assert.Equal("10.99.0.254", first["router"]);
        Assert.Equal("10.99.0.2 10.99.0.3", first["dns"]);
        Assert.Equal("lab.example", first["domain"]);
        Assert.Equal("3600", first["lease"]);
        Assert.Equal("10.99.0.1", first["serverid"]);
        Assert.DoesNotContain("boot_file", first);

        var holder = server.Leases.FindByAddress(System.Net.IPAddress.Parse("10.99.0.100"));
        Assert.Equal(MacAddress.Parse(TestNetwork.ClientMac), holder?.Mac);
        Assert.Equal("10.99.0.100", Run(network)["ip"]);
        Assert.Contains(server.Events, e => e is { Reply: DhcpMessageType.Ack, Address: not null });
    }

    [Fact]
    public void A_restarted_server_knows_the_lease()
    {
        TestNetwork.SkipUnlessPossible("busybox");
        using var network = new TestNetwork();
        using var server = new TestServer(network);
        Assert.Equal("10.99.0.100", Run(network)["ip"]);
        server.Stop();
        server.Start();
        Assert.Equal("10.99.0.100", Run(network)["ip"]);
        Assert.Single(server.Leases.All());
    }

    [Theory]
    [InlineData("-B")]
    [InlineData("-C")]
    public void A_reservation_of_a_running_server_is_taken_up_by_broadcast_and_by_link_unicast(string option)
    {
        TestNetwork.SkipUnlessPossible("busybox");
        using var network = new TestNetwork();
        using var server = new TestServer(network);
        Assert.Equal("10.99.0.100", Run(network, option)["ip"]);
        server.Snapshot = TestServer.Compile(TestServer.Reserve("10.99.0.7"));
        var env = Run(network, option);
        Assert.Equal("10.99.0.7", env["ip"]);
        Assert.Equal("blade-1", env["hostname"]);
        Assert.Equal("10.99.0.7", Assert.Single(server.Leases.FindByMac(MacAddress.Parse(TestNetwork.ClientMac))).Address.ToString());
    }

    [Fact]
    public void A_pxe_client_gets_its_boot_file_in_the_header_too()
    {
        TestNetwork.SkipUnlessPossible("busybox");
        using var network = new TestNetwork();
        using var server = new TestServer(network);
        var env = Run(network, "-V", "PXEClient:Arch:00007:UNDI:003016", "-x", "93:0007", "-O", "bootfile", "-O", "tftp");
        Assert.Equal("snponly.efi", env["boot_file"]);
        Assert.Equal("10.99.0.1", env["siaddr"]);
        Assert.StartsWith("snponly.efi", env["bootfile"], StringComparison.Ordinal);
    }

    /// <summary>Returns what the client gave its script when it was bound.</summary>
    private static Dictionary<string, string> Run(TestNetwork network, params string[] options)
    {
        var script = Path.Combine(network.Folder, "script");
        var result = Path.Combine(network.Folder, "bound");
        File.Delete(result);
        File.WriteAllText(script, $$"""
            #!/bin/sh
            ip addr flush dev "$interface"
            if [ "$1" = bound ]; then
                ip addr add "$ip/24" dev "$interface"
                env > {{result}}
            fi

            """);
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var (code, output) = network.RunInClient(["busybox", "udhcpc", "-i", "cli0", "-f", "-q", "-n", "-t", "4", "-T", "2", "-s", script, .. options]);
        Assert.True(code == 0 && File.Exists(result), output);
        return File.ReadLines(result).Select(l => l.Split('=', 2)).Where(p => p.Length == 2).ToDictionary(p => p[0], p => p[1]);
    }
}
