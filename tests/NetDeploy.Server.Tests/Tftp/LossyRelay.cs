using System.Net;
using System.Net.Sockets;

namespace NetDeploy.Server.Tests.Tftp;

/// <summary>Stands between one client and a server, and loses or repeats three of a hundred packets each, but never of the first few.</summary>
internal sealed class LossyRelay : IDisposable
{
    private const int SparedPackets = 6;
    private readonly Socket _client = Bound();
    private readonly Socket _server = Bound();
    private readonly Random _random;
    private readonly Thread _thread;
    private readonly IPEndPoint _listener;
    private volatile bool _stopping;

    public LossyRelay(IPEndPoint server, int seed)
    {
        _listener = server;
        _random = new Random(seed);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    public int Port => ((IPEndPoint)_client.LocalEndPoint!).Port;

    public int Dropped { get; private set; }

    public int Repeated { get; private set; }

    public void Dispose()
    {
        _stopping = true;
        _thread.Join();
        _client.Dispose();
        _server.Dispose();
    }

    private void Run()
    {
        var buffer = new byte[65536];
        EndPoint peer = _listener;
        EndPoint client = new IPEndPoint(IPAddress.Any, 0);
        for (var packets = 0; !_stopping; packets++)
        {
            var ready = new List<Socket> { _client, _server };
            Socket.Select(ready, null, null, 50_000);
            foreach (var socket in ready)
            {
                if (socket == _client)
                {
                    EndPoint from = new IPEndPoint(IPAddress.Any, 0);
                    var length = _client.ReceiveFrom(buffer, ref from);
                    client = from;
                    Pass(_server, buffer.AsSpan(0, length), peer, packets);
                }
                else
                {
                    // From the transfer's port: it is the server's from here on.
                    EndPoint from = new IPEndPoint(IPAddress.Any, 0);
                    var length = _server.ReceiveFrom(buffer, ref from);
                    peer = from;
                    Pass(_client, buffer.AsSpan(0, length), client, packets);
                }
            }
        }
    }

    private void Pass(Socket socket, ReadOnlySpan<byte> packet, EndPoint to, int packets)
    {
        var luck = packets < SparedPackets ? 100 : _random.Next(100);
        if (luck < 3)
        {
            Dropped++;
            return;
        }

        socket.SendTo(packet, to);
        if (luck < 6)
        {
            Repeated++;
            socket.SendTo(packet, to);
        }
    }

    private static Socket Bound()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 20 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
