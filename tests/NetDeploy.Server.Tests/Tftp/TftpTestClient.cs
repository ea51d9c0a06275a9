using System.Net;
using System.Net.Sockets;
using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Server.Tests.Tftp;

/// <summary>A client that does one thing at a time, the wrong thing too.</summary>
internal sealed class TftpTestClient : IDisposable
{
    private readonly Socket _socket;
    private readonly IPEndPoint _server;
    private readonly byte[] _buffer = new byte[65536];

    public TftpTestClient(IPEndPoint server, IPAddress? from = null)
    {
        _server = server;
        _socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000, ReceiveBufferSize = 1 << 20, EnableBroadcast = server.AddressFamily == AddressFamily.InterNetwork };
        _socket.Bind(new IPEndPoint(from ?? (server.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback), 0));
    }

    /// <summary>Whom the last packet came from.</summary>
    public IPEndPoint Peer { get; private set; } = new(IPAddress.None, 0);

    public void Request(string name, string options = "", string mode = "octet", bool write = false) =>
        Send(_server, new TftpRequest(write, name, mode, Options(options)).TryWrite);

    public void Ack(int block) => Send(Peer, new TftpAck((ushort)block).TryWrite);

    public void Error(TftpErrorCode code) => Send(Peer, new TftpError(code, "test").TryWrite);

    public void Raw(byte[] packet, IPEndPoint? to = null) => _socket.SendTo(packet, to ?? _server);

    public byte[] Receive()
    {
        EndPoint from = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        var length = _socket.ReceiveFrom(_buffer, ref from);
        Peer = (IPEndPoint)from;
        return _buffer[..length];
    }

    public (int Block, byte[] Payload) Data()
    {
        var packet = Receive();
        Assert.True(TftpData.TryRead(packet, out var data, out _), $"not DATA: {Convert.ToHexString(packet.AsSpan(0, Math.Min(packet.Length, 40)))}");
        return (data.Block, data.Payload.ToArray());
    }

    public TftpError ErrorReceived()
    {
        var packet = Receive();
        Assert.True(TftpError.TryRead(packet, out var error, out _), $"not ERROR: {Convert.ToHexString(packet.AsSpan(0, Math.Min(packet.Length, 40)))}");
        return error;
    }

    public string OptionAck()
    {
        var packet = Receive();
        Assert.True(TftpOptionAck.TryRead(packet, out var ack, out _), $"not OACK: {Convert.ToHexString(packet.AsSpan(0, Math.Min(packet.Length, 40)))}");
        return string.Join(' ', ack.Options.Select(option => $"{option.Name}={option.Value}"));
    }

    public bool HearsNothing(int milliseconds = 200) => !_socket.Poll(milliseconds * 1000, SelectMode.SelectRead);

    /// <summary>Reads a whole file, with an ACK for every <paramref name="window"/> blocks.</summary>
    public byte[] Read(string name, string options = "", int blockSize = 512, int window = 1)
    {
        Request(name, options);
        if (options.Length > 0)
        {
            OptionAck();
            Ack(0);
        }

        using var file = new MemoryStream();
        for (var block = 1; ; block++)
        {
            var (number, payload) = Data();
            if (number != (ushort)block)
            {
                // Not the next one: a resend that crossed an ACK.
                block--;
                continue;
            }

            file.Write(payload);
            var last = payload.Length < blockSize;
            if (last || block % window == 0)
            {
                Ack(block & 0xFFFF);
            }

            if (last)
            {
                return file.ToArray();
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private delegate bool Writer(Span<byte> buffer, out int written);

    private void Send(IPEndPoint to, Writer write)
    {
        var packet = new byte[2048];
        Assert.True(write(packet, out var written));
        _socket.SendTo(packet.AsSpan(0, written), to);
    }

    private static System.Collections.Immutable.ImmutableArray<TftpOption> Options(string options) =>
        [.. options.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(o => o.Split('=')).Select(o => new TftpOption(o[0], o[1]))];
}
