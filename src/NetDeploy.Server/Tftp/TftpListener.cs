using System.Net;
using NetDeploy.Server.Tftp.Linux;

namespace NetDeploy.Server.Tftp;

/// <summary>A socket that requests arrive at.</summary>
internal sealed class TftpListener : IDisposable
{
    private const int SendBufferBytes = 4 * 1024 * 1024;

    private TftpListener(UdpSocket socket) => Socket = socket;

    public UdpSocket Socket { get; }

    /// <exception cref="TftpStartException">Port in use, no privilege, no such address or interface.</exception>
    public static TftpListener Bind(IPEndPoint endPoint, TftpOptions options)
    {
        var socket = UdpSocket.TryBind(new UdpAddress(endPoint.Address, endPoint.Port), options.Interface, out var error)
            ?? throw TftpStartException.ForBind(endPoint, options.Interface, error);
        socket.ReportDestination();
        socket.SetBuffers(options.ReceiveBufferBytes, SendBufferBytes);
        return new TftpListener(socket);
    }

    public void Dispose() => Socket.Dispose();
}
