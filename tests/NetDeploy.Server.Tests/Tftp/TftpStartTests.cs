using System.Net;
using System.Net.Sockets;
using NetDeploy.Protocols.Tftp;
using NetDeploy.Server.Tftp;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tests.Tftp;

public sealed class TftpStartTests
{
    [Fact]
    public void A_port_in_use_is_named_with_the_way_to_find_its_owner()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var endPoint = (IPEndPoint)other.LocalEndPoint!;

        Assert.Contains($"ss -lunp 'sport = :{endPoint.Port}'", Refusal(Options(endPoint)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_of_another_machine_is_named() =>
        Assert.Contains("ip -brief address", Refusal(Options(IPEndPoint.Parse("203.0.113.77:0"))), StringComparison.Ordinal);

    [Fact]
    public void An_interface_that_is_not_there_is_named() =>
        Assert.Contains("no interface 'ndt-absent0'", Refusal(Options(IPEndPoint.Parse("127.0.0.1:0")) with { Interface = "ndt-absent0" }), StringComparison.Ordinal);

    [Fact]
    public void A_missing_privilege_is_named_with_the_capability() =>
        Assert.Contains("CAP_NET_BIND_SERVICE", TftpListener.Refusal(IPEndPoint.Parse("192.0.2.1:69"), null, LibC.Eacces).Remedy, StringComparison.Ordinal);

    /// <summary>Another boot port would only lead to the refusal above: the port of TFTP cannot be chosen.</summary>
    [Fact]
    public void The_boot_listener_without_the_privilege_does_not_send_to_another_port()
    {
        var remedy = NetDeployServer.NoPermission(80).Remedy;
        Assert.Contains("AmbientCapabilities=CAP_NET_BIND_SERVICE", remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("bootPort", remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_that_make_no_sense_are_refused()
    {
        var good = Options(IPEndPoint.Parse("127.0.0.1:0"));
        Assert.Contains("no address", Refusal(good with { Listen = [] }), StringComparison.Ordinal);
        Assert.Contains("MaxTransfers", Refusal(good with { MaxTransfers = 0 }), StringComparison.Ordinal);
        Assert.Contains("block size", Refusal(good with { Limits = new TftpLimits { BlockSize = 8 } }), StringComparison.Ordinal);
        Assert.Contains("window", Refusal(good with { Limits = new TftpLimits { WindowBytes = 1 << 24 } }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_start_leaves_no_port_taken()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var free = (IPEndPoint)probe.LocalEndPoint!;
        probe.Dispose();

        Refusal(new TftpOptions { Listen = [free, (IPEndPoint)other.LocalEndPoint!] });
        await using var second = Server(Options(free));
        second.Start();
        Assert.Equal([free], second.EndPoints);
    }

    private static TftpOptions Options(IPEndPoint endPoint) => new() { Listen = [endPoint] };

    private static TftpServer Server(TftpOptions options) =>
        new(options, new MemoryContent(), new RecordingObserver(), new RecordingLogger(), TimeProvider.System);

    private static string Refusal(TftpOptions options)
    {
        var fault = Assert.Throws<ServerFault>(() => Server(options).Start());
        return $"{fault.Message} {fault.Remedy}";
    }
}
