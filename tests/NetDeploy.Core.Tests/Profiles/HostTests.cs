using NetDeploy.Core.Images;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Tests.Profiles;

/// <summary>Firewall, role, foreign repositories, scripts of the first boot, hand-over: what they become, and what is refused at its line.</summary>
public sealed class HostTests
{
    /// <summary>A key made for this test alone: ed25519, "NetDeploy test".</summary>
    private const string Key = """
        -----BEGIN PGP PUBLIC KEY BLOCK-----

        mDMEawxu+RYJKwYBBAHaRw8BAQdAK5D8SvA7KhkSMP1zt43dJC8GJTHJkGd3JGvN
        lWka/8m0Dk5ldERlcGxveSB0ZXN0iJAEExYIADgWIQSD7jQ/TczSxGE65u5w3MZN
        mY8OdQUCawxu+QIbAwULCQgHAgYVCgkICwIEFgIDAQIeAQIXgAAKCRBw3MZNmY8O
        dVpqAQD3kcf38pBnwEnC7s+EbhX2mNO06DYBgElkA8KmeEyuGAEAwcHIoK7gXu5p
        7RMHU+Z0TGK9peR3fD6t6SLUqj0p7g0=
        =cj7K
        -----END PGP PUBLIC KEY BLOCK-----
        """;

    [Theory]
    [InlineData("firewall: {policy: reject}", "firewall.policy", "is none of", "")]
    [InlineData("firewall: {allow: [{name: all}]}", "firewall.allow[all]", "admits everything", "policy: accept")]
    [InlineData("firewall: {allow: [{name: web, ports: [0]}]}", "firewall.allow[web].ports[0]", "no port", "8000-8100")]
    [InlineData("firewall: {allow: [{name: web, ports: [90-80]}]}", "firewall.allow[web].ports[0]", "no port", "8000-8100")]
    [InlineData("firewall: {allow: [{name: web, ports: ['80; drop']}]}", "firewall.allow[web].ports[0]", "no port", "8000-8100")]
    [InlineData("firewall: {allow: [{name: web, ports: [80], from: [10.0.0.1/8]}]}", "firewall.allow[web].from[0]", "bits set beyond", "")]
    [InlineData("firewall: {allow: [{name: web, ports: [80], protocol: sctp}]}", "firewall.allow[web].protocol", "is none of", "")]
    [InlineData("firewall: {allow: [{name: web, ports: [80], interface: br0}]}", "firewall.allow[web].interface", "no interface 'br0'", "name: lan0")]
    [InlineData("firewall: {allow: [{name: web, ports: [80], interface: br1}]}\n  bridges: [{name: br0}]", "firewall.allow[web].interface", "no interface 'br1'", "'br0'")]
    [InlineData("firewall: {allow: [{name: web, ports: [80], interface: lan0}]}\n  nics: [{mac: boot, name: lan0}]\n  bridges: [{name: br0, members: [lan0]}]", "firewall.allow[web].interface", "is a member", "bridge")]
    [InlineData("role: hyperv-host", "role", "is none of", "")]
    [InlineData("handover: {server: x.test}", "handover.by", "does not say by what", "ansible-pull")]
    [InlineData("handover: {by: chef}", "handover.by", "is none of", "")]
    [InlineData("handover: {by: ansible-pull, repository: 'https://git.test/a'}", "handover.playbook", "needs 'playbook'", "playbook")]
    [InlineData("handover: {by: ansible-pull, repository: 'git@git.test:a', playbook: a.yml}", "handover.repository", "no http or https", "")]
    [InlineData("handover: {by: ansible-pull, repository: 'https://git.test/a', playbook: ../a.yml}", "handover.playbook", "no path below", "site.yml")]
    [InlineData("handover: {by: ansible-pull, repository: 'https://git.test/a', playbook: a.yml, ref: --upload-pack=x}", "handover.ref", "no branch", "main")]
    [InlineData("handover: {by: puppet, server: x.test, playbook: a.yml}", "handover.playbook", "does not go with", "server, environment")]
    [InlineData("handover: {by: command, content: reboot}", "handover.content", "does not start with '#!/'", "#!/bin/sh")]
    [InlineData("handover: {by: salt, server: x.test, limit: 30}", "handover.limit", "is no duration", "30m")]
    [InlineData("repositories: [{name: x, uri: 'http://x.test/y', suite: s, components: [main], key: nonsense}]", "repositories[x].key", "no armored OpenPGP", "gpg --export")]
    [InlineData("repositories: [{name: x, uri: 'http://x.test/y', suite: s, components: [main], key: \"-----BEGIN PGP PRIVATE KEY BLOCK-----\\n\\nlQ==\\n-----END PGP PRIVATE KEY BLOCK-----\"}]", "repositories[x].key", "is a private key", "gpg --export")]
    [InlineData("repositories: [{name: x, uri: 'http://x.test/y', suite: s, components: [main], key: \"-----BEGIN PGP PUBLIC KEY BLOCK-----\\n\\nwsBzBAEB\\n-----END PGP PUBLIC KEY BLOCK-----\"}]", "repositories[x].key", "no armored OpenPGP", "")]
    [InlineData("scripts: [{name: s, when: later, content: '#!/bin/sh'}]", "scripts[s].when", "is none of", "")]
    [InlineData("role: xen-host\n  packages: {remove: [linux-image-amd64], add: [linux-image-cloud-amd64]}", "role", "cloud kernel", "linux-image-amd64")]
    public void What_cannot_work_is_refused_at_its_line(string system, string path, string message, string remedy)
    {
        var result = ShippedFiles.Parse(ShippedFiles.Site, ShippedFiles.MachineWith("  " + system));

        Assert.Null(result.Value);
        var error = result.Diagnostics.First(d => d.Severity == Severity.Error);
        Assert.Equal("system." + path, error.Path);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
        Assert.InRange(error.Line, 7, 9);
    }

    [Theory]
    [InlineData("firewall: {}", true)]
    [InlineData("firewall: {policy: accept}", false)]
    [InlineData("firewall: {allow: [{name: ssh, ports: [22]}]}", false)]
    [InlineData("firewall: {allow: [{name: low, ports: [1-1024]}]}", false)]
    [InlineData("firewall: {allow: [{name: admin, from: [10.0.0.0/8]}]}", false)]
    [InlineData("firewall: {allow: [{name: ssh, ports: [22], protocol: udp}]}", true)]
    [InlineData("firewall: {allow: [{name: web, ports: [80, 443]}]}", true)]
    public void A_firewall_that_shuts_everybody_out_is_warned_of(string system, bool warned)
    {
        var result = ShippedFiles.Parse(ShippedFiles.Site, ShippedFiles.MachineWith("  " + system));

        Assert.NotNull(result.Value);
        Assert.Equal(warned, result.Diagnostics.Any(d => d is { Severity: Severity.Warning, Path: "system.firewall" } && d.Message.Contains("no rule admits SSH", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("role: kvm-host", "libvirt-daemon-system", "libvirtd")]
    [InlineData("role: xen-host", "xen-system-amd64", null)]
    [InlineData("firewall: {policy: accept}", "nftables", "nftables")]
    [InlineData("handover: {by: ansible-pull, repository: 'https://git.test/a', playbook: a.yml}", "ansible-core", null)]
    [InlineData("handover: {by: puppet, server: x.test}", "puppet-agent", "puppet")]
    [InlineData("handover: {by: salt, server: x.test}", "salt-minion", "salt-minion")]
    public void Roles_and_hand_over_bring_packages_and_services(string system, string package, string? service)
    {
        var recipe = Load("  " + system);

        Assert.Contains(package, recipe.System.Packages);
        Assert.Contains(package, recipe.Image.Packages);
        Assert.Equal(service, recipe.System.Services.LastOrDefault()?.Name);
        Assert.DoesNotContain(package, Load("  timezone: Etc/UTC").System.Packages);
    }

    [Theory]
    [InlineData(50, true)]
    [InlineData(51, false)]
    public void Scripts_of_the_first_boot_are_bounded(int count, bool good)
    {
        var scripts = string.Join(", ", Enumerable.Range(0, count).Select(n => $"{{name: s{n}, when: first-boot, content: '#!/bin/true'}}"));
        var result = ShippedFiles.Parse(ShippedFiles.Site, ShippedFiles.MachineWith($"  scripts: [{scripts}]"));

        Assert.Equal(good, result.Value is not null);
        Assert.Equal(good, result.Diagnostics.All(d => d.Path != "system.scripts"));
    }

    [Fact]
    public void What_a_layer_says_of_a_service_counts_more_than_the_role() =>
        Assert.Equal(new ServiceSpec("libvirtd", ServiceState.Disabled), Assert.Single(Load("  role: kvm-host\n  services: [{name: libvirtd, state: disabled}]").System.Services));

    [Fact]
    public void A_hand_over_by_something_else_starts_afresh()
    {
        const string Site = "apiVersion: netdeploy/v1\nkind: Profile\nname: cm\nsite: true\nsystem: {handover: {by: puppet, server: puppet.test, environment: production}}\n";

        var handover = ShippedFiles.Load(ShippedFiles.Site, Site, ShippedFiles.MachineWith("  handover: {by: command, content: '#!/bin/true', limit: 2h}")).Recipes["blade1"].System.Handover!;

        Assert.Equal(new HandoverSpec { By = HandoverKind.Command, Content = "#!/bin/true\n", Limit = TimeSpan.FromHours(2) }, handover);
    }

    [Fact]
    public void A_repositorys_key_is_part_of_the_image()
    {
        const string Repository = "  repositories:\n    - name: extra\n      uri: http://extra.test/debian\n      suite: stable\n      components: [main]\n";
        var signed = Load(Repository + "      key: |\n        " + Key.ReplaceLineEndings("\n        "));

        Assert.Equal(Key + "\n", signed.System.Repositories[^1].Key);
        Assert.Equal(Key + "\n", signed.Image.Repositories[^1].Key);
        Assert.NotEqual(ImageKey.Of(Load(Repository).Image), ImageKey.Of(signed.Image));
    }

    [Fact]
    public void Every_part_enters_the_recipes_hash()
    {
        string[] systems =
        [
            "timezone: Etc/UTC", "firewall: {policy: accept}", "firewall: {policy: accept, forward: drop}", "firewall: {policy: accept, allow: [{name: a, ports: [22]}]}",
            "role: kvm-host", "bridges: [{name: br0, members: [boot]}]", "bridges: [{name: br1, members: [boot]}]", "bridges: [{name: br0, members: [boot], stp: true}]",
            "vlans: [{name: v, id: 2, link: boot}]", "vlans: [{name: v, id: 3, link: boot}]", "bonds: [{name: b, members: [boot]}]", "bonds: [{name: b, mode: broadcast, members: [boot]}]",
            "nics: [{mac: boot}]", "nics: [{mac: boot, name: lan0}]", "nics: [{mac: boot, routes: [{to: 10.0.0.0/8, via: 10.1.1.1}]}]",
            "handover: {by: command, content: '#!/bin/true'}", "handover: {by: command, content: '#!/bin/false'}", "handover: {by: command, content: '#!/bin/true', limit: 1h}",
            "scripts: [{name: s, when: first-boot, content: '#!/bin/true'}]", "scripts: [{name: s, when: install, content: '#!/bin/true'}]",
        ];

        Assert.Equal(systems.Length, systems.Select(s => Load("  " + s).Hash).Distinct().Count());
    }

    private static Recipe Load(string system) => ShippedFiles.Load(ShippedFiles.Site, ShippedFiles.MachineWith(system)).Recipes["blade1"];
}
