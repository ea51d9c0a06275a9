using System.Collections.Immutable;
using System.Net;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Boot;

/// <summary>Which program on the client sent the packet: each stage of a netboot asks DHCP anew.</summary>
public enum BootStage
{
    /// <summary>An operating system or installer: it wants an address and no boot file.</summary>
    None,

    /// <summary>PXE firmware (option 60 starts with <c>PXEClient</c>).</summary>
    Pxe,

    /// <summary>UEFI HTTP boot firmware (option 60 starts with <c>HTTPClient</c>).</summary>
    Http,

    /// <summary>iPXE (option 77 says so, or option 175 is present).</summary>
    Ipxe,
}

/// <summary>Who asks: what one DHCP packet says of its sender. All of it can be forged by anyone on the segment.</summary>
public sealed record BootClient
{
    public required MacAddress Mac { get; init; }

    public required BootStage Stage { get; init; }

    /// <summary>Option 93 (RFC 4578), a list; the first known one wins.</summary>
    public ImmutableArray<ushort> Architectures { get; init; } = [];

    /// <summary>SMBIOS UUID from option 97 (RFC 4578), as the 16 wire bytes after the type byte; null where missing.</summary>
    public Guid? Uuid { get; init; }

    public string? VendorClass { get; init; }

    public string? UserClass { get; init; }

    /// <summary>Option 82 sub-option 1 (RFC 3046) as hex. Without <see cref="Relay"/> it is what the client itself said, and proves nothing.</summary>
    public string? CircuitId { get; init; }

    /// <summary>Option 82 sub-option 2 (RFC 3046) as hex.</summary>
    public string? RemoteId { get; init; }

    /// <summary>giaddr; null where the client is on the link.</summary>
    public IPAddress? Relay { get; init; }
}

/// <summary>What a netbooting client is told beside its address.</summary>
/// <param name="File">Header <c>file</c> and option 67: a TFTP name for PXE, an absolute URL for HTTP boot and iPXE.</param>
/// <param name="Reason">Why, for the log and the timeline.</param>
public sealed record BootOffer(string File, string Reason);

/// <summary>The planner, as DHCP sees it.</summary>
public interface IBootOffers
{
    /// <param name="reason">Why, for the log.</param>
    /// <returns>Null: no boot file, and so no answer at all where addresses are another server's.</returns>
    BootOffer? Offer(BootClient client, NetworkSpecRef network, out string reason);
}

/// <summary>What the planner needs to know of the network a packet came from.</summary>
/// <param name="ServerAddress">The server's own address there: the one that boot URLs name.</param>
public sealed record NetworkSpecRef(Addressing.NetworkSpec Network, IPAddress ServerAddress);
