using System.Collections.Immutable;
using static NetDeploy.Core.Profiles.Documents.ShapeForms;
using static NetDeploy.Core.Profiles.Documents.Shapes;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>The shapes of what a machine lets in, and of whom it is handed over to.</summary>
internal static class HostShapes
{
    public static MapShape Firewall { get; } = Map("a firewall", new()
    {
        ["policy"] = Word("drop", "accept"),
        ["forward"] = Word("drop", "accept"),
        ["allow"] = new ListShape("a list of rules", Map("a rule", new()
        {
            ["name"] = Name,
            ["protocol"] = Word("tcp", "udp"),
            ["ports"] = new ListShape("a list of ports", new ScalarShape("a port, or a range of ports", Formats.Ports, "Such as 22, or 8000-8100.")),
            ["from"] = new ListShape("a list of addresses and subnets", new ScalarShape(
                "an address or a subnet", Formats.AddressOrSubnet, "Write it as 10.77.0.5 or 10.77.0.0/24.")),
            ["interface"] = new ScalarShape("an interface's name", Formats.InterfaceName, "Such as br0."),
        }), "name"),
    });

    public static MapShape Handover { get; } = new("a hand-over", new Dictionary<string, Shape>
    {
        ["by"] = Word("ansible-pull", "puppet", "salt", "command"),
        ["repository"] = Url,
        ["ref"] = new ScalarShape("a branch, tag or commit", Formats.GitReference, "Such as main or v1.2."),
        ["playbook"] = new ScalarShape("a path in the repository", Formats.RelativePath, "Such as site.yml."),
        ["server"] = new ScalarShape("a host or address", Formats.HostOrAddress, "Such as puppet.example.org."),
        ["environment"] = new ScalarShape("an environment", Formats.VolumeName, "Such as production."),
        ["content"] = new ScalarShape("a script's text", Formats.Script, "Begin with #!/bin/sh after 'content: |'."),
        ["limit"] = new ScalarShape("a duration", Formats.Duration, "Such as 30m or 2h."),
    }.ToImmutableDictionary(StringComparer.Ordinal))
    {
        Discriminator = "by",
    };
}
