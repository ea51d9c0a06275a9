using System.Net.NetworkInformation;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Addressing;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Dhcp;

/// <summary>
/// Which other DHCP servers there are on one interface: asked at the start and every five minutes, one packet each time. Never on a
/// network in mode shadow, which hears only of those that clients name. Packets may come from any
/// thread; <see cref="Tick"/> and <see cref="Missing"/> are called under the server's lock.
/// </summary>
internal sealed class DhcpSurvey
{
    /// <summary>A switch port that has just come up may drop the first question.</summary>
    internal static readonly TimeSpan Again = TimeSpan.FromSeconds(4);

    internal static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    private readonly DhcpInterface _interface;
    private readonly Ipv4Address _ownAddress;
    private readonly DhcpProbe? _probe;
    private readonly ForeignServers _servers;
    private readonly INeighbours _neighbours;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;

    private readonly Lock _gate = new();

    private Subnet? _asked;
    private int _questions;
    private long _lastAt;
    private long? _heardAt;

    public DhcpSurvey(DhcpInterface @interface, ForeignServers servers, INeighbours neighbours, TimeProvider clock, ILogger logger)
    {
        _interface = @interface;
        _ownAddress = Ipv4Address.From(@interface.Address);
        _probe = MacOf(@interface.Name) is { } mac ? new DhcpProbe(mac, _ownAddress) : null;
        _servers = servers;
        _neighbours = neighbours;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>On a network whose addresses another server leases there has to be one: what to say where none answered.</summary>
    public string? Missing(AddressingSnapshot snapshot) =>
        _probe is not null && !HeardLately && _questions > 1 && _clock.GetElapsedTime(_lastAt) >= Again
        && snapshot.Find(_ownAddress) is { Spec.Mode: NetworkMode.Proxy } network
            ? $"No DHCP server answers on {_interface.Name}, where network {network.Name} is in mode proxy: nobody gives addresses there. Start the main DHCP server, or write mode: authoritative with pools in the Network document {network.Name}."
            : null;

    /// <summary>Called every second or two: sends the question where it is time.</summary>
    public void Tick(AddressingSnapshot snapshot, Action<ReadOnlyMemory<byte>> send)
    {
        if (_probe is null || snapshot.Find(_ownAddress) is not { Spec.Mode: not NetworkMode.Shadow } network)
        {
            _asked = null;
            return;
        }

        _servers.Resolve(_interface.Name, _neighbours);
        var changed = _asked is null || _asked.Name != network.Name || _asked.Spec.Mode != network.Spec.Mode;
        if (!changed && _clock.GetElapsedTime(_lastAt) < (_questions > 1 ? Every : Again))
        {
            return;
        }

        (_asked, _questions, _lastAt) = (network, changed ? 1 : _questions + 1, _clock.GetTimestamp());
        var question = new byte[DhcpEncoder.MaximumLength];
        send(question.AsMemory(0, _probe.Write(question)));
    }

    /// <summary>True where the packet is our own question, or an answer to it: it is nobody's request.</summary>
    public bool Takes(DhcpPacket packet, Ingress ingress, AddressingSnapshot snapshot)
    {
        if (_probe?.Concerns(packet) is not true)
        {
            return false;
        }

        var server = packet.Options.ServerIdentifier ?? ingress.Source;
        if (packet.Op == DhcpOp.Reply && server.IsUnicast && !snapshot.ServerAddresses.Contains(server))
        {
            Heard(server, answered: true, snapshot.Find(_ownAddress));
        }

        return true;
    }

    /// <summary>A client broadcast that its address is from this server.</summary>
    public void Named(Ipv4Address server, Subnet network) => Heard(server, answered: false, network);

    private void Heard(Ipv4Address server, bool answered, Subnet? network)
    {
        lock (_gate)
        {
            _heardAt = _clock.GetTimestamp();
        }

        var mac = _neighbours.Of(server.ToIPAddress(), _interface.Name);
        if (_servers.Heard(_interface.Name, server, mac, answered) is not { } news)
        {
            return;
        }

        if (mac is null && network is { Spec.Mode: not NetworkMode.Shadow } && network.Contains(server))
        {
            // Some servers write their frames themselves, and the kernel never resolved them. The next tick knows. Once for each: clients can name any.
            _neighbours.Ask(server.ToIPAddress());
        }

        if (network is { Spec.Mode: NetworkMode.Authoritative })
        {
            DhcpLog.SecondServer(_logger, ForeignServers.Warning(news, network.Name));
        }
        else
        {
            DhcpLog.MainServer(_logger, news.ToString(), _interface.Name, network?.Name ?? "-", answered ? "it answered" : "a client named it");
        }
    }

    private bool HeardLately
    {
        get
        {
            lock (_gate)
            {
                return _heardAt is { } at && _clock.GetElapsedTime(at) < ForeignServers.Remembered;
            }
        }
    }

    private static MacAddress? MacOf(string name) =>
        NetworkInterface.GetAllNetworkInterfaces().FirstOrDefault(n => n.Name == name)?.GetPhysicalAddress().GetAddressBytes() is { Length: 6 } bytes
        && new MacAddress(bytes) is { IsZero: false } mac
            ? mac
            : null;
}
