using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace NetDeploy.Cli.Lab.Net;

/// <summary>
/// Answers router solicitations (RFC 4861) with "no IPv6 router here": lifetime 0, no prefix, no DHCPv6.
/// iPXE configures IPv4 and IPv6 at once and boots only when both have come to an end. Without an answer it
/// waits 16 s for one at each start; with it the script is fetched 0.1 s after the DHCP ACK.
/// </summary>
internal sealed class RouterAdvertiser : IDisposable
{
    private const byte RouterSolicitation = 133;
    private const byte RouterAdvertisement = 134;

    private readonly Socket _socket;
    private readonly IPEndPoint _allNodes;

    private RouterAdvertiser(Socket socket, int interfaceIndex)
    {
        _socket = socket;
        _allNodes = new IPEndPoint(new IPAddress(IPAddress.Parse("ff02::1").GetAddressBytes(), interfaceIndex), 0);
    }

    /// <summary>Opens the socket inside the namespace; it stays there, whatever thread uses it.</summary>
    public static RouterAdvertiser Open(LabNetwork network)
    {
        RouterAdvertiser? opened = null;
        Namespaces.RunInside(network.Handle, () =>
        {
            var index = Namespaces.InterfaceIndex(LabNetwork.Bridge);
            var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.IcmpV6);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
                socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(IPAddress.Parse("ff02::2"), index));
                socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastInterface, index);
                // Receivers drop neighbour discovery with another hop limit: it came through a router (RFC 4861, 6.1.2).
                socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastTimeToLive, 255);
                opened = new RouterAdvertiser(socket, index);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        });
        return opened!;
    }

    /// <summary>Answers until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var answer = Answer();
        var buffer = new byte[1500];
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.IPv6Any, 0), cancellationToken).ConfigureAwait(false);
                if (received.ReceivedBytes >= 8 && buffer[0] == RouterSolicitation)
                {
                    await _socket.SendToAsync(answer, SocketFlags.None, _allNodes, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.NetworkDown or SocketError.AddressNotAvailable)
            {
                // The bridge has no carrier between two blades; the next solicitation comes in seconds.
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>RFC 4861, 4.2. The kernel fills in the checksum of ICMPv6 (RFC 3542, 3.1).</summary>
    private static byte[] Answer()
    {
        var packet = new byte[16];
        packet[0] = RouterAdvertisement;
        packet[4] = 64; // current hop limit
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), 0); // router lifetime: not a default router
        return packet;
    }
}
