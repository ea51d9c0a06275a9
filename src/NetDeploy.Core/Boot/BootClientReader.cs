using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Boot;

/// <summary>Who asks: from a DHCP packet to a <see cref="BootClient"/>.</summary>
public static class BootClientReader
{
    /// <summary>The user class of option 77 by which our own programs (the deploy environment, an iPXE script) make themselves known.</summary>
    public const string OwnUserClass = "NetDeploy";

    /// <summary>
    /// Refuses hardware without an Ethernet address, and PXE firmware whose option 97 has a wrong length (RFC 4578
    /// section 2.3); everyone else may send there what they like.
    /// </summary>
    public static bool TryRead(DhcpPacket packet, [NotNullWhen(true)] out BootClient? client, [NotNullWhen(false)] out string? reason)
    {
        client = null;
        if (packet.Mac is not { } mac)
        {
            reason = "no Ethernet address in chaddr";
            return false;
        }

        var options = packet.Options;
        var classes = options.UserClasses;
        var stage = Stage(options, classes);
        if (stage is BootStage.Pxe && options.HasMalformedMachineIdentifier)
        {
            reason = "option 97 of a PXE client is malformed";
            return false;
        }

        reason = null;
        client = new BootClient
        {
            Mac = mac,
            Stage = stage,
            Architectures = options.ClientArchitectures,
            Uuid = options.ClientMachineIdentifier,
            VendorClass = options.VendorClass,
            UserClass = classes.IsEmpty ? null : string.Join(' ', classes),
            CircuitId = options.CircuitId,
            RemoteId = options.RemoteId,
            Relay = packet.RelayAddress.IsAny ? null : packet.RelayAddress.ToIPAddress(),
        };
        return true;
    }

    /// <summary>
    /// The order breaks the chain-load loop: iPXE keeps its ROM's vendor class <c>PXEClient</c>, so what it says of
    /// itself comes before what its firmware is.
    /// </summary>
    private static BootStage Stage(DhcpOptions options, ImmutableArray<string> classes)
    {
        var isIpxe = classes.Contains(IpxeOptions.UserClass, StringComparer.Ordinal) || options.Has(DhcpOptionCode.Ipxe);
        if (classes.Contains(OwnUserClass, StringComparer.OrdinalIgnoreCase))
        {
            return isIpxe ? BootStage.Ipxe : BootStage.None;
        }

        var vendor = options.VendorClass ?? "";
        return vendor.StartsWith(PxeOptions.HttpClient, StringComparison.Ordinal) ? BootStage.Http
            : isIpxe ? BootStage.Ipxe
            : vendor.StartsWith(PxeOptions.PxeClient, StringComparison.Ordinal) ? BootStage.Pxe
            : BootStage.None;
    }
}
