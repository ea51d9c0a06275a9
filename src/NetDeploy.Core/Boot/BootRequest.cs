using System.Net;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Boot;

/// <summary>The questions a booting machine asks, whatever protocol carried them.</summary>
public abstract record BootRequest
{
    private BootRequest()
    {
    }

    /// <summary>DHCP: an address is decided elsewhere; which boot file goes with it?</summary>
    public sealed record Dhcp(BootClient Client) : BootRequest;

    /// <param name="Path">Normalised: <c>/</c> only, none at the start.</param>
    /// <param name="Owner">Whose the asking address is.</param>
    public sealed record Tftp(string Path, IPAddress Source, AddressOwner Owner) : BootRequest;

    /// <summary>iPXE's boot script: <c>GET /boot/script?mac=..&amp;uuid=..</c>. MAC and UUID are what the sender says.</summary>
    /// <param name="HasTold">It says what its SMBIOS holds, too: see <see cref="BootDecision.TellScript"/>.</param>
    public sealed record Script(MacAddress Mac, Guid? Uuid, IPAddress Source, AddressOwner Owner, bool HasTold = false) : BootRequest;
}

/// <summary>What is known of who has an address.</summary>
public enum AddressOwnership
{
    /// <summary>Another server leases on that network: nothing is known.</summary>
    Foreign,

    /// <summary>We lease there, and nobody has this address.</summary>
    Nobody,

    /// <summary>We leased it.</summary>
    Leased,

    /// <summary>Another server leases there, and this NIC answers ARP for it on our link: the kernel's neighbour table says so.</summary>
    Neighbour,
}

/// <param name="Mac">Set exactly where <see cref="AddressOwnership.Leased"/> or <see cref="AddressOwnership.Neighbour"/>.</param>
public readonly record struct AddressOwner(AddressOwnership Ownership, MacAddress? Mac)
{
    public static AddressOwner Foreign => default;

    public static AddressOwner Nobody => new(AddressOwnership.Nobody, null);

    public static AddressOwner Of(MacAddress mac) => new(AddressOwnership.Leased, mac);

    public static AddressOwner Neighbour(MacAddress mac) => new(AddressOwnership.Neighbour, mac);

    /// <summary>Whose it is, in words that follow the address.</summary>
    public string Words => Ownership switch
    {
        AddressOwnership.Leased => $"leased to {Mac}",
        AddressOwnership.Neighbour => $"which is {Mac} on the wire",
        AddressOwnership.Nobody => "leased to nobody",
        _ => "leased by another server",
    };
}

/// <summary>Who has which address, as identity checks see it: by our leases, else by ARP. Thread-safe; waits for nothing.</summary>
public interface IAddressOwners
{
    AddressOwner OwnerOf(IPAddress address);
}
