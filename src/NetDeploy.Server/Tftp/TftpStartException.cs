using System.Net;
using NetDeploy.Server.Tftp.Linux;

namespace NetDeploy.Server.Tftp;

/// <summary>The TFTP server cannot start. The message names the remedy and is meant for the operator.</summary>
public sealed class TftpStartException(string message) : Exception(message)
{
    internal static TftpStartException ForBind(IPEndPoint endPoint, string? device, int error) => new(error switch
    {
        LibC.Eaddrinuse =>
            $"TFTP: {endPoint} is in use by another program. See which with `ss -lunp 'sport = :{endPoint.Port}'` and stop it, or listen on another address.",
        LibC.Eacces or LibC.Eperm when endPoint.Port is > 0 and < 1024 =>
            $"TFTP: no permission for port {endPoint.Port}. Give the service CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE), or start it as root.",
        LibC.Eacces or LibC.Eperm =>
            $"TFTP: no permission to bind to the interface '{device}'. Give the service CAP_NET_RAW, or leave the interface out.",
        LibC.Eaddrnotavail =>
            $"TFTP: {endPoint.Address} is not an address of this machine. `ip -brief address` shows those it has; add it, or listen on one of them.",
        LibC.Enodev =>
            $"TFTP: there is no interface '{device}'. `ip -brief link` shows those of this machine.",
        _ => $"TFTP: cannot listen on {endPoint}: {LibC.Describe(error)}.",
    });
}
