using System.Collections.Immutable;
using System.Net;

namespace NetDeploy.Server.Dhcp;

/// <summary>An interface the server answers on.</summary>
/// <param name="Address">The server's own IPv4 address there: it decides the network of the clients on the link, and is in every boot URL.</param>
public sealed record DhcpInterface(string Name, IPAddress Address);

/// <summary>Where the DHCP server listens. Nothing is answered anywhere else.</summary>
public sealed record DhcpServerOptions
{
    public required ImmutableArray<DhcpInterface> Interfaces { get; init; }

    /// <summary>Bytes of packets the kernel keeps while the server is busy: bursts are lost before they are read.</summary>
    public int ReceiveBuffer { get; init; } = 8 << 20;
}
