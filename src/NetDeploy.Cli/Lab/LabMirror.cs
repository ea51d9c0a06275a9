using System.Collections.Immutable;
using System.Globalization;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Installer;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Cli.Lab.Supervision;
using NetDeploy.Server;
using NetDeploy.Server.Mirror;

namespace NetDeploy.Cli.Lab;

/// <summary>
/// A mirror that the lab's server offers to its isolated network, as <c>/mirror/NAME/</c>: this machine's own Debian mirror, reached
/// through a socket that relays to that one host.
/// </summary>
internal sealed record LabMirror(string Name, string Upstream, string Socket)
{
    private const string Main = "debian";
    private const string Security = "debian-security";

    /// <summary>The mirrors of this machine, with one relay for each host that they are on.</summary>
    /// <param name="components">A suite of the installer's components that goes before the main mirror's files; null: that mirror has all.</param>
    public static ImmutableArray<LabMirror> Of(AptMirror apt, LabFolder folder, ComponentsSuite? components = null)
    {
        // A socket with an overlay speaks for one mirror, so it is no other mirror's too.
        if (components is not null)
        {
            return
            [
                new LabMirror(Main, "http://" + new Uri(apt.Main).Authority + new Uri(apt.Main).AbsolutePath, folder.RelaySocket(1)) { Overlay = new OverlayPlan(components.Folder, apt.Main) },
                new LabMirror(Security, apt.Security, folder.RelaySocket(2)),
            ];
        }

        var hosts = new List<string>();
        return [.. new[] { (Name: Main, Upstream: apt.Main), (Name: Security, Upstream: apt.Security) }.Select(mirror =>
        {
            var host = new Uri(mirror.Upstream).Authority;
            if (!hosts.Contains(host))
            {
                hosts.Add(host);
            }

            return new LabMirror(mirror.Name, mirror.Upstream, folder.RelaySocket(hosts.IndexOf(host) + 1));
        })];
    }

    /// <summary>What the blades' documents name in place of the machine's own mirrors.</summary>
    public static AptMirror Inside { get; } = new(AddressOf(Main), AddressOf(Security));

    public static ImmutableArray<RelayPlan> Relays(IEnumerable<LabMirror> mirrors) =>
        [.. from mirror in mirrors.DistinctBy(m => m.Socket) let host = new Uri(mirror.Upstream) select new RelayPlan(mirror.Socket, host.DnsSafeHost, host.Port) { Overlay = mirror.Overlay }];

    /// <summary>Files that go before the mirror's own.</summary>
    public OverlayPlan? Overlay { get; init; }

    /// <summary>The form that <c>serve --lab-mirror</c> takes.</summary>
    public string Argument => $"{Name} {Upstream} {Socket}";

    /// <exception cref="ServerFault">That is no such argument.</exception>
    public static MirrorConfig Parse(string argument) => argument.Split(' ') is [var name, var upstream, var socket]
        ? MirrorConfig.Parse("--lab-mirror", name, upstream, socket)
        : throw new ServerFault($"--lab-mirror '{argument}' is no mirror.", "Only 'netdeploy lab' uses it; others name mirrors in the configuration.");

    private static string AddressOf(string name) =>
        string.Create(CultureInfo.InvariantCulture, $"http://{LabNetwork.ServerAddress}:{new ServerConfig().BootPort}/mirror/{name}");
}
