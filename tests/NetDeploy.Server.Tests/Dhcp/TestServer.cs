using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols;
using NetDeploy.Server.Dhcp;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tests.Dhcp;

/// <summary>The real server in a <see cref="TestNetwork"/>: pool 10.99.0.100 to .110.</summary>
internal sealed class TestServer : IDhcpObserver, IBootOffers, IDisposable
{
    private readonly TestNetwork _network;
    private readonly string _journal;
    private Neighbours? _neighbours;
    private DhcpServer? _server;

    public TestServer(TestNetwork network, NetworkMode mode = NetworkMode.Authoritative)
    {
        _network = network;
        _journal = Path.Combine(network.Folder, "leases.journal");
        Snapshot = mode == NetworkMode.Authoritative ? Compile() : Compile(mode);
        Start();
    }

    /// <summary>Who has no document gets no boot file where another server leases, as the planner has it.</summary>
    public HashSet<MacAddress> Known { get; } = [MacAddress.Parse(TestNetwork.ClientMac)];

    public DhcpServer Dhcp => _server!;

    public LeaseStore Leases { get; private set; } = null!;

    public AddressingSnapshot Snapshot { get; set; }

    public ConcurrentQueue<DhcpEvent> Events { get; } = new();

    public static AddressingSnapshot Compile(params Reservation[] reservations)
    {
        var network = new NetworkSpec
        {
            Name = "lab",
            Subnet = IPNetwork.Parse("10.99.0.0/24"),
            Pools = [new AddressPool(IPAddress.Parse("10.99.0.100"), IPAddress.Parse("10.99.0.110"))],
            Router = IPAddress.Parse("10.99.0.254"),
            DnsServers = [IPAddress.Parse("10.99.0.2"), IPAddress.Parse("10.99.0.3")],
            Domain = "lab.example",
        };
        var (snapshot, diagnostics) = AddressingSnapshot.Compile([network], reservations, [IPAddress.Parse("10.99.0.1")]);
        Assert.Empty(diagnostics);
        return snapshot!;
    }

    /// <summary>A network whose addresses another server leases.</summary>
    public static AddressingSnapshot Compile(NetworkMode mode, params AddressPool[] pools)
    {
        var network = new NetworkSpec { Name = "lab", Subnet = IPNetwork.Parse("10.99.0.0/24"), Mode = mode, Pools = [.. pools] };
        var (snapshot, diagnostics) = AddressingSnapshot.Compile([network], [], [IPAddress.Parse("10.99.0.1")]);
        Assert.Empty(diagnostics);
        return snapshot!;
    }

    public static Reservation Reserve(string address) => new(MacAddress.Parse(TestNetwork.ClientMac), IPAddress.Parse(address), "blade-1");

    public void Start()
    {
        Leases = LeaseStore.Open(_journal, TimeProvider.System, NullLogger<LeaseStore>.Instance);
        _server = NewServer("srv0", "10.99.0.1");
        _network.InServer(() => _server.Start(_neighbours = new Neighbours()));
    }

    public DhcpServer NewServer(string name, string address) => new(
        new DhcpServerOptions { Interfaces = [new DhcpInterface(name, IPAddress.Parse(address))] },
        Leases, () => Snapshot, this, this, TimeProvider.System, NullLogger<DhcpServer>.Instance);

    public void Stop()
    {
        _server!.Stop();
        Leases.Dispose();
        _server.Dispose();
        _neighbours?.Dispose();
    }

    public void Decided(DhcpEvent decision) => Events.Enqueue(decision);

    public BootOffer? Offer(BootClient client, NetworkSpecRef network, out string reason)
    {
        reason = "test";
        if (network.Network.Mode != NetworkMode.Authoritative && !Known.Contains(client.Mac))
        {
            reason = "unknown machine";
            return null;
        }

        return client.Stage switch
        {
            BootStage.Pxe => new BootOffer("snponly.efi", reason),
            BootStage.Ipxe or BootStage.Http => new BootOffer($"http://{network.ServerAddress}/boot", reason),
            _ => null,
        };
    }

    public void Dispose() => Stop();
}
