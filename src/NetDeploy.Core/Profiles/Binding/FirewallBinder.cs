using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>The firewall, and what would make it admit nobody or anybody.</summary>
internal static class FirewallBinder
{
    private const int Ssh = 22;

    public static FirewallSpec? Read(MapCursor system, DiagnosticBag diagnostics)
    {
        var firewall = system.Below("firewall");
        return firewall.Map is null ? null : new(
            Policy(firewall.Text("policy") ?? "drop"),
            Policy(firewall.Text("forward") ?? "accept"),
            [.. firewall.Items("allow").Select(r => ReadRule(r, diagnostics))]);
    }

    /// <summary>What must hold between rules and interfaces.</summary>
    public static void Check(MapCursor system, SystemSpec read, DiagnosticBag diagnostics)
    {
        if (read.Firewall is not { } firewall)
        {
            return;
        }

        var at = system.Below("firewall");
        foreach (var (rule, place) in firewall.Allow.Zip(at.Items("allow")))
        {
            CheckInterface(rule, place, read, diagnostics);
        }

        if (firewall.Incoming == FirewallPolicy.Drop && !firewall.Allow.Any(AdmitsSsh))
        {
            diagnostics.Warning(at.At, at.Path, "no rule admits SSH (TCP port 22): nobody can log in over the network.", "Add to 'allow': {name: ssh, ports: [22]}.");
        }
    }

    private static void CheckInterface(FirewallRule rule, MapCursor place, SystemSpec read, DiagnosticBag diagnostics)
    {
        if (rule.Interface is not { } name)
        {
            return;
        }

        var found = read.Interfaces().FirstOrDefault(i => (i is NicSpec nic ? nic.Name : i.Key) == name);
        if (found is null)
        {
            diagnostics.Error(place.OriginOf("interface"), place.PathOf("interface"), $"there is no interface '{name}'.",
                Spelling.Remedy(name, read.Interfaces().Select(i => i is NicSpec nic ? nic.Name : i.Key).OfType<string>()) is { Length: > 0 } known
                    ? known : "Give a NIC that name: 'nics: [{mac: boot, name: lan0}]'.");
        }
        else if (read.Bonds.Any(b => b.Members.Contains(found.Key)) || read.Bridges.Any(b => b.Members.Contains(found.Key)))
        {
            diagnostics.Error(place.OriginOf("interface"), place.PathOf("interface"), $"'{name}' is a member: its packets come in by what it is a member of.", "Name the bond or bridge.");
        }
    }

    private static bool AdmitsSsh(FirewallRule rule) =>
        rule.Protocol is null or FirewallProtocol.Tcp && (rule.Ports.Length == 0 || rule.Ports.Any(p => p.First <= Ssh && p.Last >= Ssh));

    private static FirewallPolicy Policy(string word) => word == "accept" ? FirewallPolicy.Accept : FirewallPolicy.Drop;

    private static FirewallRule ReadRule(MapCursor rule, DiagnosticBag diagnostics)
    {
        var ports = rule.Texts("ports").Select(text => Values.TryPorts(text, out var range) ? range : null).OfType<PortRange>();
        var sources = rule.Texts("from").Select(text =>
            Values.TryAddressWithPrefix(text, out var subnet) ? subnet
            : Values.TryAddress(text, out var address) ? new AddressSpec(address, address.GetAddressBytes().Length * 8) : null).OfType<AddressSpec>();
        var read = new FirewallRule
        {
            Name = rule.Text("name")!,
            Protocol = rule.Text("protocol") switch { "udp" => FirewallProtocol.Udp, "tcp" => FirewallProtocol.Tcp, _ => rule.Has("ports") ? FirewallProtocol.Tcp : null },
            Ports = [.. ports],
            Sources = [.. sources],
            Interface = rule.Text("interface"),
        };
        if (read is { Protocol: null, Ports.Length: 0, Sources.Length: 0, Interface: null })
        {
            diagnostics.Error(rule.At, rule.Path, "the rule admits everything.", "Say 'ports', 'from' or 'interface'; to filter nothing write policy: accept.");
        }

        return read;
    }
}
