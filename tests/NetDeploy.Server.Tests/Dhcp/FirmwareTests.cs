using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Server.Tests.Dhcp;

/// <summary>Real firmware in QEMU takes the offer and asks for the very file it names.</summary>
public sealed class FirmwareTests
{
    private const string OvmfCode = "/usr/share/OVMF/OVMF_CODE_4M.fd";
    private const string OvmfVariables = "/usr/share/OVMF/OVMF_VARS_4M.fd";
    private static readonly MacAddress s_machine = MacAddress.Parse("02:00:00:00:00:22");
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    [Fact]
    public void Ovmf_over_pxe_fetches_the_offered_file_by_tftp()
    {
        SkipUnlessPossible(OvmfCode);
        using var network = new TestNetwork();
        using var server = new TestServer(network);
        using var tftp = Listen(network, SocketType.Dgram, 69);
        using var machine = Start(network, [.. Uefi(network), .. Nic("virtio-net-pci", "romfile=")]);

        var request = new byte[512];
        tftp.ReceiveTimeout = (int)s_limit.TotalMilliseconds;
        var length = tftp.Receive(request);

        // RRQ, name, NUL, mode.
        Assert.StartsWith("\0\u0001snponly.efi\0octet\0", Encoding.ASCII.GetString(request, 0, length), StringComparison.Ordinal);
        Assert.Equal([DhcpMessageType.Offer, DhcpMessageType.Ack], server.Events.Select(e => e.Reply).Distinct());
        Assert.All(server.Events, e => Assert.Equal((BootStage.Pxe, FirmwareKind.UefiX64), (e.Client.Stage, BootFirmware.Of(e.Client)!.Kind)));
    }

    [Fact]
    public void Ovmf_over_http_fetches_the_offered_url()
    {
        SkipUnlessPossible(OvmfCode);
        using var network = new TestNetwork();
        using var server = new TestServer(network);
        using var http = Listen(network, SocketType.Stream, 80);
        using var machine = Start(network,
        [
            .. Uefi(network), .. Nic("virtio-net-pci", "romfile="),
            "-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=n", "-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n",
        ]);
        Assert.StartsWith("HEAD /boot HTTP/1.1\r\n", FirstRequest(http), StringComparison.Ordinal);
        Assert.All(server.Events, e => Assert.Equal((BootStage.Http, true), (e.Client.Stage, BootFirmware.Of(e.Client)!.IsHttp)));
    }

    [Fact]
    public void Ipxe_on_a_bios_fetches_its_script_without_waiting_for_a_proxy()
    {
        SkipUnlessPossible();
        using var network = new TestNetwork();
        using var server = new TestServer(network);
        using var http = Listen(network, SocketType.Stream, 80);
        using var machine = Start(network, ["-boot", "n", .. Nic("e1000", "bootindex=1")]);
        Assert.StartsWith("GET /boot HTTP/1.1\r\n", FirstRequest(http), StringComparison.Ordinal);
        var offer = server.Events.First(e => e.Reply is DhcpMessageType.Offer);
        var ack = server.Events.Last(e => e.Reply is DhcpMessageType.Ack);
        Assert.Equal((BootStage.Ipxe, FirmwareKind.Bios), (ack.Client.Stage, BootFirmware.Of(ack.Client)!.Kind));
        Assert.Equal(new Guid("00112233-4455-6677-8899-aabbccddeeff"), ack.Client.Uuid);
        Assert.True(server.Events.Select(e => e.Address).Distinct().Count() == 1, string.Join('\n', server.Events));
        Assert.True(ack.At - offer.At < TimeSpan.FromSeconds(5), "it waited");
    }

    [Fact]
    public void Ovmf_beside_another_server_asks_on_port_4011_and_fetches_the_file_from_here()
    {
        SkipUnlessPossible(OvmfCode);
        MainServer.SkipUnlessPossible("dnsmasq");
        using var network = new TestNetwork();
        using var main = new MainServer(network, "dnsmasq");
        using var server = new TestServer(network, NetworkMode.Proxy);
        server.Known.Add(s_machine);
        using var tftp = Listen(network, SocketType.Dgram, 69);
        using var machine = Start(network, [.. Uefi(network), .. Nic("virtio-net-pci", "romfile=")]);

        var request = new byte[512];
        tftp.ReceiveTimeout = (int)s_limit.TotalMilliseconds;
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        var length = tftp.ReceiveFrom(request, ref from);

        Assert.StartsWith("\0\u0001snponly.efi\0octet\0", Encoding.ASCII.GetString(request, 0, length), StringComparison.Ordinal);
        Assert.StartsWith("10.99.0.1", ((IPEndPoint)from).Address.ToString(), StringComparison.Ordinal);
        Assert.Contains(server.Events, e => e is { Reply: DhcpMessageType.Offer, Address: null } && e.Mac == s_machine);
        Assert.Contains(server.Events, e => e.Reply == DhcpMessageType.Ack && e.Reason.Contains("port 4011", StringComparison.Ordinal));
        Assert.Contains(server.Events, e => e.ForeignServer?.ToString() == MainServer.Address);
        Assert.Empty(server.Leases.All());
    }

    [Theory]
    [InlineData("http")]
    [InlineData("ipxe")]
    public void Firmware_beside_another_server_fetches_the_offered_url_from_here(string firmware)
    {
        SkipUnlessPossible(OvmfCode);
        MainServer.SkipUnlessPossible("dnsmasq");
        using var network = new TestNetwork();
        using var main = new MainServer(network, "dnsmasq");
        using var server = new TestServer(network, NetworkMode.Proxy);
        server.Known.Add(s_machine);
        using var http = Listen(network, SocketType.Stream, 80);
        using var machine = Start(network, firmware == "ipxe" ? ["-boot", "n", .. Nic("e1000", "bootindex=1")] :
        [
            .. Uefi(network), .. Nic("virtio-net-pci", "romfile="),
            "-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=n", "-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n",
        ]);
        Assert.StartsWith(firmware == "ipxe" ? "GET /boot HTTP/1.1\r\n" : "HEAD /boot HTTP/1.1\r\n", FirstRequest(http), StringComparison.Ordinal);
        Assert.DoesNotContain(server.Events, e => e.Address is not null);
    }

    private static void SkipUnlessPossible(params string[] files)
    {
        TestNetwork.SkipUnlessPossible("qemu-system-x86_64");
        foreach (var file in files)
        {
            Assert.SkipUnless(File.Exists(file), $"needs {file} (package ovmf)");
        }
    }

    private static string[] Uefi(TestNetwork network)
    {
        var variables = Path.Combine(network.Folder, "vars.fd");
        File.Copy(OvmfVariables, variables);
        return
        [
            "-drive", $"if=pflash,format=raw,readonly=on,file={OvmfCode}",
            "-drive", $"if=pflash,format=raw,file={variables}",
        ];
    }

    private static string[] Nic(string device, string more) =>
        ["-netdev", "tap,id=net,ifname=tap0,script=no,downscript=no", "-device", $"{device},netdev=net,mac={s_machine},{more}"];

    /// <summary>Listens in the server's namespace.</summary>
    private static Socket Listen(TestNetwork network, SocketType type, int port)
    {
        Socket? socket = null;
        network.InServer(() =>
        {
            socket = new Socket(AddressFamily.InterNetwork, type, type is SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse("10.99.0.1"), port));
            if (type is SocketType.Stream)
            {
                socket.Listen();
            }
        });
        return socket!;
    }

    private static string FirstRequest(Socket listener)
    {
        Assert.True(listener.Poll(s_limit, SelectMode.SelectRead), "nobody came");
        using var connection = listener.Accept();
        connection.ReceiveTimeout = 20_000;
        var request = new byte[2048];
        return Encoding.ASCII.GetString(request, 0, connection.Receive(request));
    }

    private static Machine Start(TestNetwork network, string[] arguments)
    {
        // Beside another server the bridge is there already.
        TestNetwork.Run("ip", ["-n", network.Client, "link", "add", "br0", "type", "bridge"]);
        foreach (var step in (string[])
        [
            "tuntap add tap0 mode tap", "link set tap0 master br0", "link set cli0 master br0", "link set tap0 up", "link set br0 up",
        ])
        {
            TestNetwork.Run("ip", ["-n", network.Client, .. step.Split(' ')]);
        }

        return new Machine(Process.Start(new ProcessStartInfo("ip",
        [
            "netns", "exec", network.Client, "qemu-system-x86_64", "-M", "q35", "-accel", "tcg",
            "-m", "256", "-display", "none", "-nodefaults", "-no-user-config", "-uuid", "00112233-4455-6677-8899-aabbccddeeff", .. arguments,
        ]))!);
    }

    /// <summary>Ends with its test: <c>ip netns exec</c> becomes QEMU, so that its process is the machine.</summary>
    private sealed class Machine(Process process) : IDisposable
    {
        public void Dispose()
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }
}
