using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Server.Leases;

namespace NetDeploy.Server.Boot;

/// <summary>The lease table as identity checks see it.</summary>
internal sealed class LeaseOwners(ILeaseTable leases, Func<BootNetworks> networks) : IAddressOwners
{
    public AddressOwner OwnerOf(IPAddress address) => Of(leases, networks(), address);

    public static AddressOwner Of(ILeaseTable leases, BootNetworks networks, IPAddress address)
    {
        if (networks.Find(address) is not { Network.Mode: NetworkMode.Authoritative })
        {
            return AddressOwner.Foreign;
        }

        return leases.FindByAddress(address) is { } lease ? AddressOwner.Of(lease.Mac) : AddressOwner.Nobody;
    }
}
