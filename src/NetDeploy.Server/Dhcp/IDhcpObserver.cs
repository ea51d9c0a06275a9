using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Server.Dhcp;

/// <summary>One decision, for the timeline. It is evidence: anyone on the segment can forge what led to it.</summary>
public sealed record DhcpEvent
{
    public required DateTimeOffset At { get; init; }

    public required string Interface { get; init; }

    public required MacAddress Mac { get; init; }

    public required uint TransactionId { get; init; }

    public required DhcpMessageType Request { get; init; }

    /// <summary>None: it was not answered.</summary>
    public required DhcpMessageType Reply { get; init; }

    public required BootClient Client { get; init; }

    public string? Network { get; init; }

    public IPAddress? Address { get; init; }

    public string? BootFile { get; init; }

    /// <summary>Another DHCP server that the client says its address is from.</summary>
    public IPAddress? ForeignServer { get; init; }

    /// <summary>On a network in mode shadow: what would have been said, as a sentence. Nothing was sent.</summary>
    public string? Shadowed { get; init; }

    /// <summary>The mode of the network; null where it is none of ours.</summary>
    public NetworkMode? Mode { get; init; }

    /// <summary>Of the address, then of the boot file.</summary>
    public required string Reason { get; init; }
}

/// <summary>Told of each decision after its reply was sent. Called on the server's threads: it must not block, nor throw.</summary>
public interface IDhcpObserver
{
    void Decided(DhcpEvent decision);
}
