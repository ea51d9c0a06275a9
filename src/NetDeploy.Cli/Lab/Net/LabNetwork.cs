using System.Collections.Immutable;
using System.Globalization;
using NetDeploy.Cli.Lab.Host;

namespace NetDeploy.Cli.Lab.Net;

/// <summary>
/// The lab's wire: one network namespace with one bridge, the server's address on it, and a tap for each blade.
/// It has no way out: nothing on it is seen from the host's own network, and no packet leaves it.
/// </summary>
internal sealed class LabNetwork(ICommandRunner commands, string name)
{
    public const string Bridge = "lab0";
    public const string ServerAddress = "10.77.0.1";
    public const int PrefixLength = 24;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    public string Name => name;

    /// <summary>Tagged ones, beside the untagged wire.</summary>
    public ImmutableArray<LabVlan> Vlans { get; init; } = [];

    /// <summary>Where iproute2 keeps the namespace.</summary>
    public string Handle => "/run/netns/" + name;

    public bool Exists => File.Exists(Handle);

    /// <summary>The command, run inside the namespace. nsenter becomes the command: its process id stays the same.</summary>
    public IEnumerable<string> Inside(IEnumerable<string> command) => ["nsenter", $"--net={Handle}", "--", .. command];

    /// <summary>Makes what is missing: a lab found again keeps what it has.</summary>
    /// <exception cref="UserFault">The kernel or the rights of this process do not allow it.</exception>
    public async Task CreateAsync(CancellationToken cancellationToken = default)
    {
        if (!Exists)
        {
            await AddNamespaceAsync(cancellationToken).ConfigureAwait(false);
        }

        await HereAsync(["link", "set", "lo", "up"], cancellationToken).ConfigureAwait(false);
        if (!await HasLinkAsync(Bridge, cancellationToken).ConfigureAwait(false))
        {
            // No spanning tree and no forward delay: firmware asks DHCP within two seconds of its link.
            // No multicast snooping: there is no querier here, and groups that time out would cut IPv6 off.
            await HereAsync(["link", "add", Bridge, "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0"], cancellationToken).ConfigureAwait(false);
        }

        await HereAsync(["address", "replace", $"{ServerAddress}/{Number(PrefixLength)}", "dev", Bridge], cancellationToken).ConfigureAwait(false);
        // A fixed link-local address without duplicate detection: router advertisements go out from the first blade on.
        await HereAsync(["address", "replace", "fe80::1/64", "dev", Bridge, "nodad"], cancellationToken).ConfigureAwait(false);
        await HereAsync(["link", "set", Bridge, "up"], cancellationToken).ConfigureAwait(false);
        foreach (var vlan in Vlans)
        {
            await AddVlanAsync(vlan, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A port of the bridge for one blade.</summary>
    public async Task AddTapAsync(string tap, CancellationToken cancellationToken = default)
    {
        if (!await HasLinkAsync(tap, cancellationToken).ConfigureAwait(false))
        {
            await HereAsync(["tuntap", "add", "name", tap, "mode", "tap"], cancellationToken).ConfigureAwait(false);
        }

        await HereAsync(["link", "set", tap, "master", Bridge, "up"], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the namespace with all that is in it; nothing where there is none. Processes still in it keep it alive, unnamed, until they end.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken = default)
    {
        if (Exists)
        {
            await IpAsync(commands, ["netns", "delete", name], cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The processes inside.</summary>
    public async Task<IReadOnlyList<int>> ProcessesAsync(CancellationToken cancellationToken = default)
    {
        if (!Exists)
        {
            return [];
        }

        var found = await commands.RunAsync(["ip", "netns", "pids", name], Limit, cancellationToken).ConfigureAwait(false);
        return [.. found.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(p => int.Parse(p, CultureInfo.InvariantCulture))];
    }

    private async Task<bool> HasLinkAsync(string link, CancellationToken cancellationToken) =>
        (await commands.RunAsync(["ip", "-netns", name, "link", "show", "dev", link], Limit, cancellationToken).ConfigureAwait(false)).Succeeded;

    /// <summary>Two taps: the server's interface, and the bridge's port. Who holds their other ends puts the tag on (<see cref="VlanTagger"/>).</summary>
    private async Task AddVlanAsync(LabVlan vlan, CancellationToken cancellationToken)
    {
        foreach (var tap in new[] { vlan.Interface(), vlan.Trunk() })
        {
            if (!await HasLinkAsync(tap, cancellationToken).ConfigureAwait(false))
            {
                await HereAsync(["tuntap", "add", "name", tap, "mode", "tap"], cancellationToken).ConfigureAwait(false);
            }
        }

        await HereAsync(["link", "set", vlan.Trunk(), "master", Bridge, "up"], cancellationToken).ConfigureAwait(false);
        await HereAsync(["address", "replace", $"{vlan.ServerAddress}/{Number(PrefixLength)}", "dev", vlan.Interface()], cancellationToken).ConfigureAwait(false);
        await HereAsync(["link", "set", vlan.Interface(), "up"], cancellationToken).ConfigureAwait(false);
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The namespace alone.</summary>
    public Task AddNamespaceAsync(CancellationToken cancellationToken = default) => IpAsync(commands, ["netns", "add", name], cancellationToken);

    /// <exception cref="UserFault">The kernel or the rights of this process do not allow it.</exception>
    public static async Task IpAsync(ICommandRunner commands, string[] arguments, CancellationToken cancellationToken)
    {
        var done = await commands.RunAsync(["ip", .. arguments], Limit, cancellationToken).ConfigureAwait(false);
        if (!done.Succeeded)
        {
            throw new UserFault(
                $"'ip {string.Join(' ', arguments)}' failed: {done.Complaint}.",
                "The lab needs root, /dev/net/tun and a kernel with network namespaces, bridges, taps and veth pairs; in a container: --privileged --device /dev/net/tun.");
        }
    }

    private Task HereAsync(string[] arguments, CancellationToken cancellationToken) => IpAsync(commands, ["-netns", name, .. arguments], cancellationToken);
}
