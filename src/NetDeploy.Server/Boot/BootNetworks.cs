using System.Collections.Immutable;
using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Boot;

/// <summary>The networks in force, with the server's own address on each: immutable, swapped whole with the documents.</summary>
internal sealed class BootNetworks
{
    private BootNetworks(ImmutableArray<NetworkSpecRef> all, AddressingSnapshot addressing)
    {
        All = all;
        Addressing = addressing;
    }

    public static BootNetworks None { get; } = new([], AddressingSnapshot.Empty);

    public ImmutableArray<NetworkSpecRef> All { get; }

    public AddressingSnapshot Addressing { get; }

    /// <summary>
    /// A network on an interface has the server's address there. One behind relays has none of its own: its clients get
    /// the first address of the server.
    /// </summary>
    /// <param name="declared">The NICs of machines that have a document.</param>
    /// <param name="fixedAddresses">What their systems have without asking DHCP.</param>
    public static (BootNetworks? Networks, ImmutableArray<AddressingDiagnostic> Diagnostics) Of(
        IEnumerable<NetworkSpec> networks,
        IEnumerable<Reservation> reservations,
        ImmutableArray<IPAddress> serverAddresses,
        IEnumerable<MacAddress>? declared = null,
        IEnumerable<IPAddress>? fixedAddresses = null)
    {
        ImmutableArray<NetworkSpec> specs = [.. networks];
        var compiled = AddressingSnapshot.Compile(specs, reservations, serverAddresses, declared, fixedAddresses);
        return compiled.Snapshot is { } snapshot
            ? (new BootNetworks([.. specs.Select(n => new NetworkSpecRef(n, serverAddresses.FirstOrDefault(n.Subnet.Contains) ?? serverAddresses[0]))], snapshot), [])
            : (null, compiled.Diagnostics);
    }

    /// <summary>A line for each interface that no network is on. Where a network has relays, what they forward may come in on any.</summary>
    public IEnumerable<string> Uncovered(IEnumerable<(string Name, IPAddress Address)> interfaces) =>
        from served in interfaces
        where Find(served.Address) is null && All.All(n => n.Network.Relays.IsEmpty)
        select $"No Network document covers {served.Name} ({served.Address}): nothing is answered there. Apply one with its subnet.";

    /// <summary>The client's network, unless it is in mode shadow, where nobody is answered.</summary>
    public NetworkSpecRef? Served(IPAddress client) => Find(client) is { Network.Mode: not NetworkMode.Shadow } network ? network : null;

    public NetworkSpecRef? Find(IPAddress client) => All.FirstOrDefault(n => n.Network.Subnet.Contains(client));
}
