using System.Net;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Dhcp;

/// <summary>A DHCP server that is not this one.</summary>
/// <param name="Interface">Where it was heard, or heard of.</param>
/// <param name="Address">Its server identifier (option 54).</param>
/// <param name="Mac">Of the NIC that answers ARP for that address on the link; null where none does, as behind a router.</param>
/// <param name="Answered">It answered this server's own question. Otherwise a client named it, which anyone on the segment can forge.</param>
public sealed record ForeignServer(string Interface, IPAddress Address, MacAddress? Mac, bool Answered, DateTimeOffset FirstSeen, DateTimeOffset LastSeen)
{
    public override string ToString() => Mac is { } mac ? $"{Address} (MAC {mac})" : Address.ToString();
}
