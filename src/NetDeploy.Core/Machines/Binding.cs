using System.Collections.Immutable;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Machines;

/// <summary>The dated tie from a machine to hardware.</summary>
public sealed record Binding
{
    public ImmutableArray<MacAddress> Macs { get; init; } = [];

    /// <summary>SMBIOS UUID in either byte order; compared by <see cref="SmbiosUuid.Canonical"/>.</summary>
    public Guid? Uuid { get; init; }

    public string? Serial { get; init; }

    /// <summary>Where the cable ends: option 82 as <c>REMOTE-ID/CIRCUIT-ID</c>, both as lower-case hex.</summary>
    public string? Slot { get; init; }

    /// <summary>DHCPv6 DUID as hex.</summary>
    public string? Duid { get; init; }

    public DateTimeOffset Since { get; init; }

    /// <summary>True where nothing in a packet could ever match it.</summary>
    public bool IsEmpty => Macs.IsDefaultOrEmpty && Slot is null;

    /// <summary>The slot text of option 82's two sub-options; null where the relay inserted neither.</summary>
    public static string? SlotOf(string? remoteId, string? circuitId) =>
        remoteId is null && circuitId is null ? null : $"{remoteId}/{circuitId}".ToLowerInvariant();
}
