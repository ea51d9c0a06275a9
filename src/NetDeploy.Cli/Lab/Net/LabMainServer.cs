using System.Collections.Immutable;
using System.Globalization;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Lab.Net;

/// <summary>
/// The DHCP server that was there first, for a lab in mode proxy: a real dnsmasq on a host of its own, a second namespace that one cable
/// joins to the lab's bridge. It has no way out either.
/// </summary>
internal sealed class LabMainServer(ICommandRunner commands, string labNetwork)
{
    public const string ChildName = "main-dhcp";
    public const string Address = "10.77.0.2";

    /// <summary>Other than NetDeploy's own pool, and than the addresses that it reserves: nobody mistakes one for the other.</summary>
    private const string FirstAddress = "10.77.0.200";
    private const string LastAddress = "10.77.0.240";
    private const string Nic = "eth0";
    private const string BridgePort = "main0";

    private readonly LabNetwork _host = new(commands, NamespaceOf(labNetwork));

    /// <summary>No lab can be named so: names hold letters, digits and '-'.</summary>
    public static string NamespaceOf(string labNetwork) => labNetwork + ".dhcp";

    /// <param name="leases">The file that proves whose an address was.</param>
    /// <param name="nextServer">The option for boot loaders that hear the main server alone, such as GRUB; null: it says nothing of booting.</param>
    public static ChildCommand Command(string labNetwork, string leases, string? nextServer) => new(
        ChildName,
        [
            "nsenter", $"--net=/run/netns/{NamespaceOf(labNetwork)}", "--",
            "dnsmasq", "--keep-in-foreground", "--log-facility=-", "--log-dhcp", "--conf-file=/dev/null", "--pid-file", "--user=root", "--port=0", "--no-ping",
            $"--interface={Nic}", "--bind-interfaces", "--dhcp-authoritative", $"--dhcp-leasefile={leases}",
            $"--dhcp-range={FirstAddress},{LastAddress},255.255.255.0,1h",
            .. nextServer is null ? ImmutableArray<string>.Empty : [$"--dhcp-boot=,,{nextServer}"],
        ],
        InsideNetwork: false);

    /// <summary>Whether the main server leased the address, as its own file has it: time, MAC, address, name, client.</summary>
    public static bool Leased(string leases, string address) =>
        File.Exists(leases) && File.ReadLines(leases).Any(line => line.Split(' ') is [_, _, var leased, ..] && leased == address);

    /// <summary>Makes its host and the cable to the lab's bridge, which has to be there.</summary>
    /// <exception cref="UserFault">The kernel or the rights of this process do not allow it.</exception>
    public async Task CreateAsync(CancellationToken cancellationToken = default)
    {
        if (!_host.Exists)
        {
            await _host.AddNamespaceAsync(cancellationToken).ConfigureAwait(false);
            await LabNetwork.IpAsync(commands, ["-netns", labNetwork, "link", "add", BridgePort, "type", "veth", "peer", "name", Nic, "netns", _host.Name], cancellationToken).ConfigureAwait(false);
        }

        await LabNetwork.IpAsync(commands, ["-netns", labNetwork, "link", "set", BridgePort, "master", LabNetwork.Bridge, "up"], cancellationToken).ConfigureAwait(false);
        await LabNetwork.IpAsync(commands, ["-netns", _host.Name, "address", "replace", $"{Address}/{LabNetwork.PrefixLength.ToString(CultureInfo.InvariantCulture)}", "dev", Nic], cancellationToken).ConfigureAwait(false);
        await LabNetwork.IpAsync(commands, ["-netns", _host.Name, "link", "set", Nic, "up"], cancellationToken).ConfigureAwait(false);
    }

    public Task RemoveAsync(CancellationToken cancellationToken = default) => _host.RemoveAsync(cancellationToken);
}
