using System.Text;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Targets;
using NetDeploy.Core.Targets.DeployEnvironment;
using NetDeploy.Core.Targets.Plans;
using NetDeploy.Core.Tests.Profiles;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Tests.Targets;

/// <summary>Interfaces, firewall and the tasks of the first boot, as the installed system reads them. The server's tests hand them to nft and shellcheck.</summary>
public sealed class HostFilesTests
{
    private static readonly MacAddress Boot = MacAddress.Parse("52:54:00:00:00:07");

    private static readonly PlanContext Context = new()
    {
        Deployment = "d-0001",
        ServerUrl = new("http://10.77.0.1:8080"),
        ImageSha256 = new string('a', 64),
        ImageLength = 1,
        FirstBootToken = new("first-boot", 1, "TOKENTOKEN"),
        BootMac = Boot,
    };

    /// <summary>Bridge over VLAN over bond, and what else there is.</summary>
    private const string Host =
        """
          nics:
            - {mac: boot, name: lan0}
            - {mac: 52:54:00:00:00:09, dhcp: true, mtu: 9000, routes: [{to: 10.9.0.0/16, via: 10.1.0.1, metric: 7}, {to: 'fd09::/48'}]}
          bonds:
            - {name: bond0, members: [lan0, 52:54:00:00:00:08], mode: active-backup, primary: boot}
            - {name: bond1, members: [52:54:00:00:00:0a, 52:54:00:00:00:0b], mode: 802.3ad, lacpRate: fast, hashPolicy: layer3+4, mtu: 9000}
          vlans:
            - {name: vlan20, id: 20, link: bond0}
            - {name: storage, id: 30, link: bond1, mtu: 9000, addresses: [10.30.0.5/24, 'fd30::5/64']}
          bridges:
            - {name: br20, members: [vlan20], addresses: [reserved]}
            - {name: brguests, stp: true}
          firewall:
            forward: drop
            allow:
              - {name: ssh, ports: [22], from: [10.77.0.0/24, 10.77.0.5, 'fd30::/64'], interface: br20}
              - {name: web, ports: [8000-8100, 443, 8050-8200, 80]}
              - {name: dns, protocol: udp, ports: [53]}
              - {name: any-tcp, protocol: tcp, from: [10.9.0.1]}
          scripts:
            - name: hello
              when: first-boot
              content: |
                #!/bin/sh
                echo "it's up"
          handover: {by: ansible-pull, repository: 'https://git.test/site', ref: v1, playbook: hosts/site.yml, limit: 1h}
        """;

    [Fact]
    public void The_files_of_a_host_are_the_golden_ones()
    {
        var text = new StringBuilder();
        foreach (var file in Files(Host).Where(f => IsOurs(f.Path)))
        {
            text.Append($"==== {file.Path} {file.Mode}\n{file.Content}");
        }

        Golden.Matches("host.files.txt", text.ToString());
    }

    [Fact]
    public void Bond_and_bridge_have_the_address_of_the_NIC_that_netboots_and_a_VLAN_that_of_its_link()
    {
        var files = Files("  bonds: [{name: bond0, members: [52:54:00:00:00:01, boot]}]\n  vlans: [{name: v, id: 2, link: bond0}]\n  bridges: [{name: br0, members: [52:54:00:00:00:02, v]}, {name: br1, members: [52:54:00:00:00:03]}, {name: br2}]");

        Assert.Contains($"MACAddress={Boot}\n", Content(files, "bond0.netdev"), StringComparison.Ordinal);
        Assert.Contains($"MACAddress={Boot}\n", Content(files, "br0.netdev"), StringComparison.Ordinal);
        Assert.Contains("MACAddress=52:54:00:00:00:03\n", Content(files, "br1.netdev"), StringComparison.Ordinal);
        Assert.DoesNotContain("MACAddress", Content(files, "br2.netdev") + Content(files, "v.netdev"), StringComparison.Ordinal);

        // The bridge asks as the NIC did, and gets its lease.
        Assert.Contains("ClientIdentifier=mac\n", Content(files, "br0.network"), StringComparison.Ordinal);
        Assert.DoesNotContain("[DHCPv4]", Content(files, "bond0.network"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_member_of_a_bond_is_told_by_the_address_that_the_bond_does_not_change()
    {
        var files = Files("  bonds: [{name: bond0, members: [52:54:00:00:00:01, boot]}]\n  nics: [{mac: 52:54:00:00:00:02}]");

        Assert.Contains("PermanentMACAddress=52:54:00:00:00:01\n", Content(files, "00-01.network"), StringComparison.Ordinal);
        Assert.Contains("\nMACAddress=52:54:00:00:00:02\n", Content(files, "00-02.network"), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_firewall_tasks_and_a_role_the_plan_has_none()
    {
        var plan = Compile("  timezone: Etc/UTC");

        Assert.DoesNotContain(plan.Steps.OfType<TextFile>(), f => f.Path.Contains("nft", StringComparison.Ordinal) || f.Path.Contains("first-boot", StringComparison.Ordinal));
        Assert.Empty(plan.Steps.OfType<RequireSecureBootOff>());
    }

    [Fact]
    public void A_Xen_host_is_refused_by_Secure_Boot_before_its_claim()
    {
        var steps = Compile("  role: xen-host").Steps;

        Assert.True(steps.IndexOf(Assert.Single(steps.OfType<RequireSecureBootOff>())) < steps.IndexOf(Assert.Single(steps.OfType<Claim>())));
    }

    [Fact]
    public void Tasks_run_in_their_order_with_the_hand_over_last_and_root_alone_reads_them()
    {
        var files = Files("  handover: {by: command, content: '#!/bin/true', limit: 90s}\n  scripts: [{name: b, when: first-boot, content: '#!/bin/b'}, {name: i, when: install, content: '#!/bin/i'}, {name: a, when: first-boot, content: '#!/bin/a'}]");

        Assert.Equal("script b 1800\nscript a 1800\nhandover command 90\n", Content(files, "first-boot.tasks"));
        Assert.Equal("0700", files.Single(f => f.Path == "/etc/netdeploy/first-boot.d/script.b").Mode);
        Assert.Equal("#!/bin/true\n", Content(files, "handover.command"));
    }

    [Theory]
    [InlineData("{by: puppet, server: puppet.test, environment: blue}", "puppet config set server 'puppet.test' --section main\n")]
    [InlineData("{by: puppet, server: puppet.test, environment: blue}", "puppet config set environment 'blue' --section agent\n")]
    [InlineData("{by: salt, server: salt.test}", "'salt.test' >/etc/salt/minion.d/netdeploy.conf\n")]
    [InlineData("{by: ansible-pull, repository: 'https://git.test/a', playbook: a.yml}", "exec ansible-pull --url 'https://git.test/a' \\\n")]
    public void A_hand_over_names_what_the_profile_says(string handover, string line) =>
        Assert.Contains(line, Files("  handover: " + handover).Single(f => f.Path.Contains("/handover.", StringComparison.Ordinal)).Content, StringComparison.Ordinal);

    private static bool IsOurs(string path) =>
        path.Contains("/systemd/network/", StringComparison.Ordinal) || path.Contains("nftables", StringComparison.Ordinal) || path.Contains("first-boot", StringComparison.Ordinal);

    private static string Content(IEnumerable<TextFile> files, string end) => files.Single(f => f.Path.EndsWith(end, StringComparison.Ordinal)).Content;

    private static TextFile[] Files(string system) => [.. Compile(system).Steps.OfType<TextFile>()];

    private static Plan Compile(string system)
    {
        var machine = ShippedFiles.Machine(more: "address: 10.77.0.21\nsystem:\n" + system);
        var result = DeployEnvironmentTarget.Compile(ShippedFiles.Load(ShippedFiles.Site, ShippedFiles.Network, machine).Recipes["blade1"], Context);
        Assert.True(result.Value is not null, string.Join('\n', result.Diagnostics));
        return result.Value;
    }
}
