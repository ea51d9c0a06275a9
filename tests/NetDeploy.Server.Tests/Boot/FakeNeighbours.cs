using System.Net;
using NetDeploy.Protocols;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tests.Boot;

/// <summary>An ARP table by hand: address and interface to MAC.</summary>
internal sealed class FakeNeighbours : Dictionary<(string Address, string Interface), MacAddress>, INeighbours
{
    public MacAddress? Of(IPAddress address, string interfaceName) =>
        TryGetValue((address.ToString(), interfaceName), out var mac) ? mac : null;

    public List<IPAddress> Asked { get; } = [];

    public void Ask(IPAddress address) => Asked.Add(address);
}
