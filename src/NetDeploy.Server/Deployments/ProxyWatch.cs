using System.Net;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Deployments;

/// <summary>What a machine was offered beside another server's address.</summary>
/// <param name="Server">Where it was to be fetched from.</param>
internal sealed record ProxyOffer(string File, IPAddress Server);

/// <summary>
/// Machines that were offered a boot file as by a proxy, and whether they came for it. Some firmware takes its boot file from the main DHCP
/// server alone, and GRUB its configuration: then nothing comes, and the operator has to hear why. At most <see cref="Bound"/> at once;
/// beyond that nobody new is watched.
/// </summary>
internal sealed class ProxyWatch(TimeProvider clock)
{
    internal const int Bound = 1024;

    /// <summary>Longer than firmware collects offers and than it waits for port 4011.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    private readonly Dictionary<MacAddress, Waiting> _waiting = [];
    private readonly Lock _gate = new();

    /// <param name="onLink">False behind a relay: there a fetch by TFTP cannot be told to be this machine's, so that it is not waited for.</param>
    public void Offered(MacAddress mac, bool onLink, ProxyOffer offer)
    {
        lock (_gate)
        {
            // From the first offer on: firmware that repeats its question gets no more time.
            if (onLink && _waiting.Count < Bound && !_waiting.ContainsKey(mac))
            {
                _waiting[mac] = new Waiting(offer, clock.GetTimestamp(), GrubRuns: false);
            }
        }
    }

    /// <summary>It came: what it was offered reached it. After GRUB its configuration is to follow.</summary>
    public void Fetched(MacAddress mac, string path)
    {
        lock (_gate)
        {
            if (!_waiting.Remove(mac, out var waiting))
            {
                return;
            }

            if (path.EndsWith(LoaderChoice.Shim, StringComparison.Ordinal) || path.EndsWith(LoaderChoice.Grub, StringComparison.Ordinal) || (waiting.GrubRuns && !path.Contains("grub.cfg", StringComparison.Ordinal)))
            {
                _waiting[mac] = waiting with { Since = clock.GetTimestamp(), GrubRuns = true };
            }
        }
    }

    /// <summary>Who did not come, each once, with what to do about it.</summary>
    public IReadOnlyList<(MacAddress Mac, string Remedy)> TakeUnfollowed()
    {
        lock (_gate)
        {
            var late = _waiting.Where(w => clock.GetElapsedTime(w.Value.Since) >= Patience).Select(w => (w.Key, Remedy(w.Value))).ToList();
            foreach (var (mac, _) in late)
            {
                _waiting.Remove(mac);
            }

            return late;
        }
    }

    private static string Remedy(Waiting waiting)
    {
        var (file, server) = waiting.Offer;
        return waiting.GrubRuns
            ? $"GRUB started and did not ask this server for its configuration: it asks the address that the main DHCP server names. Set next-server {server} (dnsmasq: dhcp-boot=,,{server}) there, or uefiLoader: ipxe for machines without Secure Boot"
            : $"it was offered {file} as by a proxy and fetched nothing in {Patience.TotalSeconds:0} s: some firmware ignores ProxyDHCP. Set in the main DHCP server, for its architecture (option 93) and not for iPXE (option 77; lines in bootfiles/main-dhcp): next-server {server}, filename {file}";
    }

    private sealed record Waiting(ProxyOffer Offer, long Since, bool GrubRuns);
}
