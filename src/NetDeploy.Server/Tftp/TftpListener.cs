using System.Net;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tftp;

/// <summary>A socket that requests arrive at.</summary>
internal sealed class TftpListener : IDisposable
{
    private const int SendBufferBytes = 4 * 1024 * 1024;

    private TftpListener(UdpSocket socket) => Socket = socket;

    public UdpSocket Socket { get; }

    /// <exception cref="ServerFault">Port in use, no privilege, no such address or interface.</exception>
    public static TftpListener Bind(IPEndPoint endPoint, TftpOptions options)
    {
        var socket = UdpSocket.TryBind(new UdpAddress(endPoint.Address, endPoint.Port), options.Interface, out var error)
            ?? throw Refusal(endPoint, options.Interface, error);
        socket.ReportDestination();
        socket.SetBuffers(options.ReceiveBufferBytes, SendBufferBytes);
        return new TftpListener(socket);
    }

    public void Dispose() => Socket.Dispose();

    internal static ServerFault Refusal(IPEndPoint endPoint, string? device, int error) => error switch
    {
        LibC.Eaddrinuse => new(
            $"TFTP: {endPoint} is in use by another program.",
            $"See which with `ss -lunp 'sport = :{endPoint.Port}'` and stop it, or listen on another address."),
        LibC.Eacces or LibC.Eperm when endPoint.Port is > 0 and < 1024 => new(
            $"TFTP: no permission for port {endPoint.Port}.",
            "Give the service CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE), or start it as root."),
        LibC.Eacces or LibC.Eperm => new(
            $"TFTP: no permission to bind to the interface '{device}'.", "Give the service CAP_NET_RAW, or leave the interface out."),
        LibC.Eaddrnotavail => new(
            $"TFTP: {endPoint.Address} is not an address of this machine.", "`ip -brief address` shows those it has; add it, or listen on one of them."),
        LibC.Enodev => new($"TFTP: there is no interface '{device}'.", "`ip -brief link` shows those of this machine."),
        _ => new($"TFTP: cannot listen on {endPoint}: {LibC.Describe(error)}.", "`ip -brief address` shows whether the interface is up."),
    };
}
