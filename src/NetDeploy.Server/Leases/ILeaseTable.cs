using System.Net;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Leases;

/// <summary>An address in use.</summary>
/// <param name="Network">The network's name when the lease was made.</param>
public sealed record LeaseHolder(MacAddress Mac, IPAddress Address, string Network, DateTimeOffset ExpiresAt, string? HostName);

/// <summary>Who has which address now: leases that were acknowledged and have not ended. Safe from any thread.</summary>
public interface ILeaseTable
{
    LeaseHolder? FindByAddress(IPAddress address);

    /// <summary>One per network the NIC is known on, the longest first.</summary>
    IReadOnlyList<LeaseHolder> FindByMac(MacAddress mac);
}
