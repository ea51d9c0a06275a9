using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>What came of compiling: no snapshot where there is any diagnostic.</summary>
public sealed record AddressingCompilation(AddressingSnapshot? Snapshot, ImmutableArray<AddressingDiagnostic> Diagnostics);

/// <summary>The networks and reservations of one moment, valid as a whole and swapped as a whole.</summary>
public sealed class AddressingSnapshot
{
    internal AddressingSnapshot(ImmutableArray<Subnet> subnets, ImmutableArray<Ipv4Address> serverAddresses, FrozenSet<MacAddress> declared)
    {
        Subnets = subnets;
        ServerAddresses = serverAddresses;
        Declared = declared;
    }

    /// <summary>Answers nobody.</summary>
    public static AddressingSnapshot Empty { get; } = new([], [], []);

    public ImmutableArray<Subnet> Subnets { get; }

    /// <summary>The server's own addresses: an option 54 with another one means another server.</summary>
    public ImmutableArray<Ipv4Address> ServerAddresses { get; }

    /// <summary>The NICs of machines that have a document. Strangers cannot take the last addresses of a pool from them.</summary>
    public FrozenSet<MacAddress> Declared { get; }

    public Subnet? Find(Ipv4Address address)
    {
        foreach (var subnet in Subnets)
        {
            if (subnet.Contains(address))
            {
                return subnet;
            }
        }

        return null;
    }

    /// <summary>Checks everything, and reports every mistake at once.</summary>
    /// <param name="serverAddresses">The server's addresses on its interfaces; they are never leased.</param>
    /// <param name="declared">The NICs of machines that have a document, with a reservation or without; those with one need not be named.</param>
    /// <param name="fixedAddresses">What systems have without asking DHCP: no client gets one of these, but for one that has it reserved.</param>
    public static AddressingCompilation Compile(
        IEnumerable<NetworkSpec> networks,
        IEnumerable<Reservation> reservations,
        IEnumerable<IPAddress> serverAddresses,
        IEnumerable<MacAddress>? declared = null,
        IEnumerable<IPAddress>? fixedAddresses = null) =>
        new AddressingCompiler().Compile(
            [.. networks],
            [.. reservations],
            [.. serverAddresses.Select(Ipv4Address.From)],
            [.. declared ?? []],
            [.. (fixedAddresses ?? []).Where(a => a.AddressFamily == AddressFamily.InterNetwork).Select(Ipv4Address.From)]);
}
