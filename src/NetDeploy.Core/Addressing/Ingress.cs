using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>How a packet came in.</summary>
/// <param name="Interface">The interface's name.</param>
/// <param name="OwnAddress">The server's address there: option 54, and the one that boot URLs name.</param>
/// <param name="Unicast">It was sent to <paramref name="OwnAddress"/>, not broadcast: a client in the RENEWING state, or a relay.</param>
public sealed record Ingress(string Interface, Ipv4Address OwnAddress, bool Unicast);
