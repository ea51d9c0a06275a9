using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using NetDeploy.Cli.Lab.Net;

namespace NetDeploy.Cli.Tests.Lab;

/// <summary>Who asked on port 67.</summary>
/// <param name="Architecture">Option 93; null where it is missing.</param>
internal sealed record DhcpAsked(string Mac, int? Architecture, string VendorClass, string UserClass);

/// <summary>
/// Hears the blades ask in the lab's namespace. Where it answers, it gives the one address 10.77.0.10 and no boot file:
/// firmware then goes on to the next entry of its boot order.
/// </summary>
internal sealed class DhcpWitness : IDisposable
{
    private readonly Socket _socket;
    private readonly bool _answers;
    private readonly Channel<DhcpAsked> _asked = Channel.CreateUnbounded<DhcpAsked>();

    private DhcpWitness(Socket socket, bool answers)
    {
        _socket = socket;
        _answers = answers;
        _ = HearAsync();
    }

    public static DhcpWitness Open(LabNetwork network, bool answers)
    {
        Socket? socket = null;
        Namespaces.RunInside(network.Handle, () =>
        {
            socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };
            // SOL_SOCKET, SO_BINDTODEVICE: without it 255.255.255.255 has no route here.
            socket.SetRawSocketOption(1, 25, Encoding.ASCII.GetBytes(LabNetwork.Bridge + "\0"));
            socket.Bind(new IPEndPoint(IPAddress.Any, 67));
        });
        return new DhcpWitness(socket!, answers);
    }

    public async Task<DhcpAsked> NextAsync(TimeSpan limit)
    {
        using var stop = new CancellationTokenSource(limit);
        return await _asked.Reader.ReadAsync(stop.Token);
    }

    public void Dispose() => _socket.Dispose();

    private async Task HearAsync()
    {
        var buffer = new byte[1500];
        while (true)
        {
            int length;
            try
            {
                length = (await _socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0))).ReceivedBytes;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            if (length < 240 || buffer[0] != 1)
            {
                continue;
            }

            var options = Options(buffer.AsSpan(240, length - 240));
            _asked.Writer.TryWrite(new DhcpAsked(
                string.Join(':', buffer[28..34].Select(b => b.ToString("x2", null))),
                options.TryGetValue(93, out var architecture) ? BinaryPrimitives.ReadUInt16BigEndian(architecture) : null,
                Encoding.ASCII.GetString(options.GetValueOrDefault((byte)60, [])),
                Encoding.ASCII.GetString(options.GetValueOrDefault((byte)77, []))));
            if (_answers)
            {
                await _socket.SendToAsync(Answer(buffer, options[53][0] == 1 ? (byte)2 : (byte)5), SocketFlags.None, new IPEndPoint(IPAddress.Broadcast, 68));
            }
        }
    }

    /// <summary>RFC 2131: OFFER (2) to a DISCOVER, ACK (5) to a REQUEST.</summary>
    private static byte[] Answer(byte[] asked, byte type)
    {
        var packet = new byte[300];
        packet[0] = 2;
        asked.AsSpan(1, 43).CopyTo(packet.AsSpan(1)); // htype to chaddr
        new byte[] { 10, 77, 0, 10 }.CopyTo(packet, 16);
        asked.AsSpan(236, 4).CopyTo(packet.AsSpan(236)); // magic cookie
        byte[] options = [53, 1, type, 54, 4, 10, 77, 0, 1, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0, 175, 3, 176, 1, 1, 255];
        options.CopyTo(packet, 240);
        return packet;
    }

    private static Dictionary<byte, byte[]> Options(ReadOnlySpan<byte> bytes)
    {
        var options = new Dictionary<byte, byte[]>();
        while (bytes.Length > 2 && bytes[0] != 255)
        {
            if (bytes[0] == 0)
            {
                bytes = bytes[1..];
                continue;
            }

            options[bytes[0]] = bytes.Slice(2, bytes[1]).ToArray();
            bytes = bytes[(2 + bytes[1])..];
        }

        return options;
    }
}
