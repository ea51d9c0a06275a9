using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Server.Tests.Dhcp;

/// <summary>Firmware's part of DHCP, packet by packet, on <c>br0</c> of a network with a <see cref="MainServer"/>. It asks for broadcast replies.</summary>
internal sealed class PxeClient : IDisposable
{
    public const string Bios = "PXEClient:Arch:00000:UNDI:002001";
    public const string Uefi = "PXEClient:Arch:00007:UNDI:003016";

    private readonly Socket _socket;
    private uint _transaction = 0x5000;

    public PxeClient(TestNetwork network)
    {
        Socket? socket = null;
        TestNetwork.Inside(network.Client, () =>
        {
            socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };
            const int bindToDevice = 25;
            socket.SetRawSocketOption(1, bindToDevice, "br0\0"u8);
            socket.Bind(new IPEndPoint(IPAddress.Any, DhcpConstants.ClientPort));
        });
        _socket = socket!;
    }

    /// <summary>Broadcasts, and returns who said what within the time.</summary>
    public IReadOnlyList<Heard> Ask(
        DhcpMessageType type, string? vendor, ushort architecture = 0, string mac = TestNetwork.ClientMac, string? server = null, string? requested = null, TimeSpan? wait = null,
        string? user = null) =>
        Exchange(Packet(type, vendor, architecture, mac, server, requested, user), new IPEndPoint(IPAddress.Broadcast, DhcpConstants.ServerPort), wait ?? TimeSpan.FromSeconds(1.5));

    /// <summary>Asks a boot server by unicast, from an address that the client has.</summary>
    public IReadOnlyList<Heard> AskBootServer(string server, string own, string vendor, ushort architecture) =>
        Exchange(
            Packet(DhcpMessageType.Request, vendor, architecture, TestNetwork.ClientMac, null, null) with { ClientAddress = Ipv4Address.Parse(own), Flags = 0 },
            new IPEndPoint(IPAddress.Parse(server), DhcpConstants.BootServerPort),
            TimeSpan.FromSeconds(1));

    public void Dispose() => _socket.Dispose();

    private DhcpPacket Packet(DhcpMessageType type, string? vendor, ushort architecture, string mac, string? server, string? requested, string? user = null)
    {
        var options = new DhcpOptionsBuilder().Add(type);
        if (vendor is not null)
        {
            options.Add(DhcpOptionCode.VendorClass, vendor).Add(DhcpOptionCode.ClientArchitecture, (byte[])[(byte)(architecture >> 8), (byte)architecture]);
        }

        if (user is not null)
        {
            options.Add(DhcpOptionCode.UserClass, user);
        }

        if (server is not null)
        {
            options.Add(DhcpOptionCode.ServerIdentifier, Ipv4Address.Parse(server));
        }

        if (requested is not null)
        {
            options.Add(DhcpOptionCode.RequestedAddress, Ipv4Address.Parse(requested));
        }

        var hardware = new byte[6];
        MacAddress.Parse(mac).CopyTo(hardware);
        return new DhcpPacket
        {
            Op = DhcpOp.Request,
            HardwareAddress = hardware,
            TransactionId = ++_transaction,
            Flags = DhcpConstants.BroadcastFlag,
            Options = options.Build(),
        };
    }

    private List<Heard> Exchange(DhcpPacket packet, IPEndPoint to, TimeSpan wait)
    {
        var buffer = new byte[2048];
        var written = DhcpEncoder.Write(packet, DhcpConstants.MinimumMaxMessageSize, buffer);
        _socket.SendTo(buffer, 0, written.Length, SocketFlags.None, to);
        var heard = new List<Heard>();
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < wait;)
        {
            if (!_socket.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectRead))
            {
                continue;
            }

            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            var length = _socket.ReceiveFrom(buffer, ref from);
            if (DhcpDecoder.TryRead(buffer.AsSpan(0, length), out var reply, out _) && reply.TransactionId == packet.TransactionId && reply.Op == DhcpOp.Reply)
            {
                heard.Add(new Heard((IPEndPoint)from, reply));
            }
        }

        return heard;
    }

    internal sealed record Heard(IPEndPoint From, DhcpPacket Packet);
}
