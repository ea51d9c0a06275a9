using System.Globalization;
using System.Text;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.Plans;

/// <summary>The firewall as nftables reads it: one table of our own, so that those of libvirt or containers stay.</summary>
internal static class NftablesFile
{
    private const string Head = """
        #!/usr/sbin/nft -f
        # Written by NetDeploy from the profile. Loaded again it takes the place of what it was, and of nothing else.
        table inet netdeploy
        delete table inet netdeploy

        table inet netdeploy {

        """;

    /// <summary>Without these a machine is not on the network: answers, itself, path MTU, neighbours, its own lease.</summary>
    private const string Always = """
                ct state vmap { established : accept, related : accept, invalid : drop }
                iifname "lo" accept
                meta l4proto { icmp, ipv6-icmp } accept
                udp sport 67 udp dport 68 accept
                ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept

        """;

    public static IEnumerable<PlanStep> Of(SystemSpec system)
    {
        if (system.Firewall is { } firewall)
        {
            yield return new TextFile("/etc/nftables.conf", "0755", "root:root", Text(firewall));
        }
    }

    public static string Text(FirewallSpec firewall)
    {
        var text = new StringBuilder(Head);
        text.Append($"    chain incoming {{\n        type filter hook input priority filter; policy {Word(firewall.Incoming)};\n{Always}");
        foreach (var rule in firewall.Allow.SelectMany(Rules))
        {
            text.Append($"        {rule}\n");
        }

        text.Append("    }\n");
        if (firewall.Forwarded == FirewallPolicy.Drop)
        {
            text.Append("\n    chain forwarded {\n        type filter hook forward priority filter; policy drop;\n    }\n");
        }

        return text.Append("}\n").ToString();
    }

    /// <summary>One for each source: nftables refuses a set whose subnets overlap.</summary>
    private static IEnumerable<string> Rules(FirewallRule rule)
    {
        var arrives = rule.Interface is { } name ? $"iifname \"{name}\" " : "";
        var service = Service(rule);
        var rest = $"{service}accept comment \"{rule.Name}\"";
        return rule.Sources.Length == 0
            ? [arrives + rest]
            : rule.Sources.Select(s => $"{arrives}{(s.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? "ip" : "ip6")} saddr {s} {rest}");
    }

    private static string Service(FirewallRule rule) => rule switch
    {
        { Protocol: null } => "",
        { Ports.Length: 0 } => $"meta l4proto {Word(rule.Protocol.Value)} ",
        _ => $"{Word(rule.Protocol.Value)} dport {{ {string.Join(", ", Merged(rule.Ports))} }} ",
    };

    /// <summary>Overlapping ranges joined, for the same reason.</summary>
    private static IEnumerable<string> Merged(IEnumerable<PortRange> ports)
    {
        PortRange? open = null;
        foreach (var range in ports.OrderBy(p => p.First))
        {
            if (open is null || range.First > open.Last + 1)
            {
                if (open is not null)
                {
                    yield return Written(open);
                }

                open = range;
            }
            else
            {
                open = open with { Last = Math.Max(open.Last, range.Last) };
            }
        }

        if (open is not null)
        {
            yield return Written(open);
        }
    }

    private static string Written(PortRange range) => range.First == range.Last
        ? range.First.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{range.First}-{range.Last}");

    private static string Word(FirewallPolicy policy) => policy == FirewallPolicy.Drop ? "drop" : "accept";

    private static string Word(FirewallProtocol protocol) => protocol == FirewallProtocol.Tcp ? "tcp" : "udp";
}
