using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>How a packet came in.</summary>
/// <param name="Interface">The interface's name.</param>
/// <param name="OwnAddress">The server's address there: option 54, and the one that boot URLs name.</param>
/// <param name="Unicast">It was sent to <paramref name="OwnAddress"/>, not broadcast: a client in the RENEWING state, or a relay.</param>
public sealed record Ingress(string Interface, Ipv4Address OwnAddress, bool Unicast)
{
    /// <summary>The port it came to: <see cref="DhcpConstants.ServerPort"/> or <see cref="DhcpConstants.BootServerPort"/>.</summary>
    public int Port { get; init; } = DhcpConstants.ServerPort;

    /// <summary>Who sent it, as its IP header has it: where an answer from port 4011 goes.</summary>
    public Ipv4Address Source { get; init; }

    public int SourcePort { get; init; } = DhcpConstants.ClientPort;
}
