using System.Diagnostics;
using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;
using NetDeploy.Server.Dhcp;
using NetDeploy.Server.Linux;
using NetDeploy.Server.Tests.BootFiles;

namespace NetDeploy.Server.Tests.Dhcp;

/// <summary>The real server beside real ones of others, on one wire.</summary>
public sealed class BesideAnotherServerTests
{
    private const string Ours = "10.99.0.1";
    private const string Stranger = "02:00:00:00:00:66";

    [Theory]
    [InlineData("dnsmasq")]
    [InlineData("kea")]
    public void As_a_proxy_it_gives_the_boot_file_and_the_main_server_the_address(string main)
    {
        MainServer.SkipUnlessPossible(main);
        using var network = new TestNetwork();
        using var other = new MainServer(network, main);
        using var server = new TestServer(network, NetworkMode.Proxy);
        using var client = new PxeClient(network);

        var offers = client.Ask(DhcpMessageType.Discover, PxeClient.Uefi, 7);
        var address = Assert.Single(offers, o => o.From.Address.ToString() == MainServer.Address).Packet.YourAddress;
        Assert.StartsWith("10.99.0.1", address.ToString(), StringComparison.Ordinal);
        var file = Assert.Single(offers, o => o.From.Address.ToString() == Ours).Packet;
        Assert.Equal((Ipv4Address.Any, "snponly.efi", Ours, "PXEClient"), (file.YourAddress, file.BootFile, file.ServerAddress.ToString(), file.Options.VendorClass));

        // The address is taken from its server, and that is none of our business.
        var acks = client.Ask(DhcpMessageType.Request, PxeClient.Uefi, 7, server: MainServer.Address, requested: address.ToString());
        Assert.Equal((MainServer.Address, DhcpMessageType.Ack), (Assert.Single(acks).From.Address.ToString(), acks[0].Packet.MessageType));
        Assert.Contains(server.Events, e => e.ForeignServer?.ToString() == MainServer.Address && e.Reply == DhcpMessageType.None);

        // With it the firmware asks again on port 4011, and hears from there.
        TestNetwork.Ip("-n", network.Client, "addr add", $"{address}/24", "dev br0");
        var ack = Assert.Single(client.AskBootServer(Ours, address.ToString(), PxeClient.Uefi, 7));
        Assert.Equal(new IPEndPoint(IPAddress.Parse(Ours), 4011), ack.From);
        Assert.Equal((DhcpMessageType.Ack, address, Ipv4Address.Any, "snponly.efi"), (ack.Packet.MessageType, ack.Packet.ClientAddress, ack.Packet.YourAddress, ack.Packet.BootFile));

        // Its ARP entry says whose the address is.
        MacAddress? heard = null;
        network.InServer(() =>
        {
            using var neighbours = new Neighbours();
            heard = neighbours.Of(address.ToIPAddress(), "srv0");
            Assert.Null(neighbours.Of(IPAddress.Parse("10.99.0.77"), "srv0"));
        });
        Assert.Equal(TestNetwork.ClientMac, heard?.ToString());
        Assert.Empty(server.Leases.All());
        AssertNamed(server);
    }

    /// <summary>For firmware that ignores ProxyDHCP: the loader from the main server, and iPXE's script still from the proxy.</summary>
    [Theory]
    [InlineData("dnsmasq", "dnsmasq.conf")]
    [InlineData("kea", "kea-dhcp4.conf")]
    [InlineData("dhcpd", "dhcpd.conf")]
    public void The_main_server_with_the_lines_of_the_documentation_names_the_loader_to_firmware_alone(string main, string file)
    {
        MainServer.SkipUnlessPossible(main);
        using var network = new TestNetwork();
        var lines = File.ReadAllText(Path.Combine(SourceTree.BootFiles, "main-dhcp", file)).Replace("SERVER", Ours, StringComparison.Ordinal);
        using var other = new MainServer(network, main, lines);
        using var client = new PxeClient(network);

        foreach (var (vendor, architecture, loader) in new (string, ushort, string)[]
        {
            (PxeClient.Bios, 0, "undionly.kpxe"), (PxeClient.Uefi, 7, "snponly.efi"), (PxeClient.Uefi, 9, "snponly.efi"),
        })
        {
            var offer = Offer(vendor, architecture);
            Assert.Equal((Ours, loader), (offer.ServerAddress.ToString(), offer.Options.Text(DhcpOptionCode.BootFile) ?? offer.BootFile));
            var second = Offer(vendor, architecture, "iPXE");
            Assert.True(second.BootFile.Length == 0 && !second.Options.Has(DhcpOptionCode.BootFile), $"iPXE would load {second.BootFile} again");
        }

        // Other machines of that network boot what they did.
        Assert.Equal("", Offer(null, 0).BootFile);

        // Asked again where no answer came in time, as firmware does.
        DhcpPacket Offer(string? vendor, ushort architecture, string? user = null)
        {
            IReadOnlyList<PxeClient.Heard> heard = [];
            for (var tries = 0; heard.Count == 0 && tries < 4; tries++)
            {
                heard = client.Ask(DhcpMessageType.Discover, vendor, architecture, user: user);
            }

            return Assert.Single(heard).Packet;
        }
    }

    [Fact]
    public void As_a_proxy_it_answers_no_system_and_no_stranger()
    {
        MainServer.SkipUnlessPossible("dnsmasq");
        using var network = new TestNetwork();
        using var other = new MainServer(network, "dnsmasq");
        using var server = new TestServer(network, NetworkMode.Proxy);
        using var client = new PxeClient(network);

        Assert.Equal(MainServer.Address, Assert.Single(client.Ask(DhcpMessageType.Discover, null)).From.Address.ToString());
        Assert.Equal(MainServer.Address, Assert.Single(client.Ask(DhcpMessageType.Discover, PxeClient.Bios, mac: Stranger)).From.Address.ToString());
        Assert.Equal(2, client.Ask(DhcpMessageType.Discover, PxeClient.Bios).Count);
        Assert.Equal("unknown machine", Assert.Single(server.Events, e => e.Mac == MacAddress.Parse(Stranger)).Reason);

        // On 4011 too.
        TestNetwork.Ip("-n", network.Client, "addr add 10.99.0.150/24 dev br0");
        server.Known.Clear();
        Assert.Empty(client.AskBootServer(Ours, "10.99.0.150", PxeClient.Uefi, 7));
    }

    [Fact]
    public void In_mode_shadow_nothing_leaves_it_and_it_knows_what_it_would_have_said()
    {
        MainServer.SkipUnlessPossible("dnsmasq");
        TestNetwork.SkipUnlessPossible("tcpdump");
        using var network = new TestNetwork();
        using var other = new MainServer(network, "dnsmasq");
        using var server = new TestServer(network, NetworkMode.Shadow)
        {
            Snapshot = TestServer.Compile(NetworkMode.Shadow, new AddressPool(IPAddress.Parse("10.99.0.20"), IPAddress.Parse("10.99.0.29"))),
        };
        using var client = new PxeClient(network);

        string address = "";
        var wire = Watch(network, () =>
        {
            var offer = Assert.Single(client.Ask(DhcpMessageType.Discover, PxeClient.Bios));
            Assert.Equal(MainServer.Address, offer.From.Address.ToString());
            address = offer.Packet.YourAddress.ToString();
            Assert.Single(client.Ask(DhcpMessageType.Request, PxeClient.Bios, server: MainServer.Address, requested: address));
            Thread.Sleep(3000);
        });
        Assert.Equal("", wire);
        var said = server.Events.First(e => e.Request == DhcpMessageType.Discover);
        Assert.Equal(DhcpMessageType.None, said.Reply);
        Assert.Equal("would have been told Offer 10.99.0.20 (a free address) with snponly.efi (test)", said.Shadowed);
        Assert.Contains($"it chose the server {MainServer.Address}", server.Events.First(e => e.Request == DhcpMessageType.Request).Shadowed, StringComparison.Ordinal);
        Assert.Equal((MainServer.Address, false), (Assert.Single(server.Dhcp.Foreign.List()).Address.ToString(), server.Dhcp.Foreign.List()[0].Answered));

        // The same wire shows what leaves it otherwise.
        server.Snapshot = TestServer.Compile(NetworkMode.Proxy);
        Assert.Contains(Ours + ".67 > 255.255.255.255.68", Watch(network, () => client.Ask(DhcpMessageType.Discover, PxeClient.Bios)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dnsmasq")]
    [InlineData("kea")]
    public void A_second_server_where_this_one_is_authoritative_is_named_with_the_remedy(string main)
    {
        MainServer.SkipUnlessPossible(main);
        using var network = new TestNetwork();
        using var other = new MainServer(network, main);
        using var server = new TestServer(network);
        AssertNamed(server);
        var warning = Assert.Single(server.Dhcp.Warnings());
        Assert.Contains($"Another DHCP server, {MainServer.Address} (MAC {MainServer.Mac}), answers on srv0", warning, StringComparison.Ordinal);
        Assert.Contains("mode: proxy", warning, StringComparison.Ordinal);
        // The question itself is no client.
        Assert.Empty(server.Events);
    }

    [Fact]
    public void A_proxy_without_a_main_server_is_told()
    {
        TestNetwork.SkipUnlessPossible();
        using var network = new TestNetwork();
        using var other = new MainServer(network, null);
        using var server = new TestServer(network, NetworkMode.Proxy);
        Assert.True(SpinWait.SpinUntil(() => server.Dhcp.Warnings().Any(), TimeSpan.FromSeconds(20)), "nothing was said");
        Assert.Contains("No DHCP server answers on srv0", Assert.Single(server.Dhcp.Warnings()), StringComparison.Ordinal);
    }

    [Fact]
    public void Port_4011_follows_the_documents_and_a_taken_one_is_said_with_the_remedy()
    {
        TestNetwork.SkipUnlessPossible();
        using var network = new TestNetwork();
        using var server = new TestServer(network);
        System.Net.Sockets.Socket? taken = null;
        network.InServer(() =>
        {
            taken = new(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Udp);
            taken.Bind(new IPEndPoint(IPAddress.Any, 4011));
        });
        using (taken)
        {
            server.Snapshot = TestServer.Compile(NetworkMode.Proxy);
            Assert.True(SpinWait.SpinUntil(() => server.Dhcp.Warnings().Any(w => w.Contains("ss -ulnp 'sport = :4011'", StringComparison.Ordinal)), TimeSpan.FromSeconds(10)));
        }

        Assert.True(SpinWait.SpinUntil(() => !server.Dhcp.Warnings().Any(w => w.Contains("4011", StringComparison.Ordinal)), TimeSpan.FromSeconds(10)));
        Assert.Contains(":4011", Listening(network), StringComparison.Ordinal);
        server.Snapshot = TestServer.Compile();
        Assert.True(SpinWait.SpinUntil(() => !Listening(network).Contains(":4011", StringComparison.Ordinal), TimeSpan.FromSeconds(10)));
    }

    private static string Listening(TestNetwork network) => TestNetwork.Run("ip", ["netns", "exec", network.Server, "ss", "-Huln"]).Output;

    private static void AssertNamed(TestServer server)
    {
        Assert.True(SpinWait.SpinUntil(() => server.Dhcp.Foreign.List() is [{ Answered: true, Mac: not null }], TimeSpan.FromSeconds(10)), string.Join(' ', server.Dhcp.Foreign.List()));
        Assert.Equal((MainServer.Address, MainServer.Mac, "srv0"), (
            server.Dhcp.Foreign.List()[0].Address.ToString(), server.Dhcp.Foreign.List()[0].Mac?.ToString(), server.Dhcp.Foreign.List()[0].Interface));
    }

    /// <summary>What our server puts on the wire meanwhile, but for ARP.</summary>
    private static string Watch(TestNetwork network, Action meanwhile)
    {
        using var capture = Process.Start(new ProcessStartInfo("ip",
            ["netns", "exec", network.Client, "tcpdump", "-i", "cli0", "-n", "-l", "--immediate-mode", "-Q", "in", "ip"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var ready = capture.StandardError;
        while (ready.ReadLine() is { } line && !line.StartsWith("listening", StringComparison.Ordinal))
        {
        }

        meanwhile();
        TestNetwork.Run("kill", ["-INT", capture.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        Assert.True(capture.WaitForExit(TimeSpan.FromSeconds(10)));
        return capture.StandardOutput.ReadToEnd().Trim();
    }
}
