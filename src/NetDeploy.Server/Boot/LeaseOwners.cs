using System.Collections.Immutable;
using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Boot;

/// <summary>
/// Who has an address: by the lease table where we lease. Where another server does, by ARP on our own link; behind a relay nothing is
/// known, since ARP would name the router.
/// </summary>
/// <param name="interfaces">With the server's own address on each.</param>
internal sealed class LeaseOwners(
    ILeaseTable leases, Func<BootNetworks> networks, INeighbours neighbours, ImmutableArray<(string Name, IPAddress Address)> interfaces) : IAddressOwners
{
    public AddressOwner OwnerOf(IPAddress address)
    {
        if (networks().Find(address) is not { } found)
        {
            return AddressOwner.Foreign;
        }

        if (found.Network.Mode == NetworkMode.Authoritative)
        {
            return leases.FindByAddress(address) is { } lease ? AddressOwner.Of(lease.Mac) : AddressOwner.Nobody;
        }

        foreach (var (name, own) in interfaces)
        {
            if (found.Network.Subnet.Contains(own) && neighbours.Of(address, name) is { } mac)
            {
                return AddressOwner.Neighbour(mac);
            }
        }

        return AddressOwner.Foreign;
    }
}
