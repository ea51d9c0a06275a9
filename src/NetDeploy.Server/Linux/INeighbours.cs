using System.Net;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Linux;

/// <summary>Which NIC answers for an address on a link.</summary>
internal interface INeighbours
{
    /// <summary>Null where the address was not heard on that link.</summary>
    MacAddress? Of(IPAddress address, string interfaceName);

    /// <summary>Has the kernel ask for an address on its link, so that <see cref="Of"/> may know it a moment later.</summary>
    void Ask(IPAddress address);
}
