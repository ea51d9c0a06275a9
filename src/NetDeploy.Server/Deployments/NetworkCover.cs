using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Server.Deployments;

/// <summary>
/// Whether a machine would be answered when it boots: a network that covers it, in a mode that answers, where the server can hear it. The
/// machine alone would find that out: it would get no answer, and try again for ever.
/// </summary>
internal static class NetworkCover
{
    /// <param name="servers">The server's own addresses.</param>
    /// <returns>Null where it would be answered.</returns>
    public static Refusal? Objection(MachineSpec machine, IReadOnlyCollection<NetworkSpec> networks, IReadOnlyCollection<IPAddress> servers)
    {
        if (networks.Count == 0)
        {
            return new($"There is no Network document, so {machine.Name} would not be answered.", "Apply one with the subnet of the boot network, and deploy again.");
        }

        // Its reserved address says on which network it boots; without one it may be any.
        var own = machine.Address is { } address ? networks.Where(n => n.Subnet.Contains(address)).ToArray() : [.. networks];
        if (own.Length == 0)
        {
            return new($"No network holds {machine.Name}'s address {machine.Address}.", "Correct the address, or apply a Network document with its subnet, and deploy again.");
        }

        var answering = own.Where(n => n.Mode != NetworkMode.Shadow).ToArray();
        if (answering.Length == 0)
        {
            return new($"{machine.Name} would not be answered: {Names(own)} in mode shadow.", "Say mode: proxy or authoritative in the Network document, and deploy again.");
        }

        var heard = answering.Where(n => !n.Relays.IsEmpty || servers.Any(n.Subnet.Contains)).ToArray();
        if (heard.Length == 0)
        {
            return new(
                $"{machine.Name} would not be heard: the server has no interface in {string.Join(", ", answering.Select(n => $"{n.Name} ({n.Subnet})"))}, and no relay is named.",
                "Serve an interface with an address there (serve --interface), or name the relays in the Network document, and deploy again.");
        }

        return machine.Address is not null || heard.Any(n => n.Mode == NetworkMode.Proxy || n.Pools.Length > 0)
            ? null
            : new($"No network has an address for {machine.Name}: {string.Join(", ", heard.Select(n => n.Name))} without pools.", "Give the machine an 'address:', or the network 'pools:', and deploy again.");
    }

    private static string Names(NetworkSpec[] networks) =>
        $"{string.Join(", ", networks.Select(n => n.Name))} {(networks.Length == 1 ? "is" : "are")}";
}
