using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Lab.Tests.DeployEnvironment;

namespace NetDeploy.Lab.Tests.Deployments;

/// <summary>A host as a rack has them: two NICs as one, its network tagged, a bridge for its guests, a firewall, and Ansible that takes over.</summary>
[Collection(EmulatedInstallations.Name)]
public sealed partial class HostTests(ITestOutputHelper output)
{
    private const string Address = "10.78.0.1";
    private const int RepositoryPort = 8099;

    /// <summary>With the build of an image that holds Ansible, on a busy machine.</summary>
    private static readonly TimeSpan Installed = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan HandedOver = TimeSpan.FromMinutes(15);

    [Fact]
    [Trait("Category", "Full")]
    public async Task A_bond_under_a_VLAN_under_a_bridge_with_firewall_and_hand_over_is_what_the_machine_has()
    {
        await using var lab = LabRun.Create(output);
        using var repository = new PlaybookRepository();
        var vlan = new LabVlan(20, Address);
        var blade = BladeHardware.Make(1, BladeFirmware.Bios, BladeDisk.Virtio, BladeNic.Virtio).WithPort();
        await lab.HostAsync(blade, vlan, Profile(blade));
        using var served = lab.Beside("busybox", "httpd", "-f", "-p", $"{Address}:{RepositoryPort}", "-h", repository.Folder);
        try
        {
            Assert.Equal(0, (await lab.RunAsync(TimeSpan.FromMinutes(1), "deploy", blade.Name)).Exit);
            var report = await lab.ToldAsync(blade.Name, l => l.Kind == "installed", "installed", Installed);

            // The bridge asked with the address of the NIC that netbooted, in another network than that one did.
            var address = FirstAddress().Match(report.Text).Groups[1].Value;
            Assert.StartsWith("10.78.0.1", address, StringComparison.Ordinal);
            var script = await lab.ToldAsync(blade.Name, l => l.Kind == "task" && l.Text.StartsWith("script ", StringComparison.Ordinal), "the script's end", HandedOver);
            Assert.Contains("script say ended: ok", script.Text, StringComparison.Ordinal);
            var handover = await lab.ToldAsync(blade.Name, l => l.Kind == "task" && l.Text.StartsWith("handover ", StringComparison.Ordinal), "the hand-over's end", HandedOver);
            Assert.Contains("handover ansible-pull ended: ok", handover.Text, StringComparison.Ordinal);

            AssertLinks(await lab.SshAsync(blade.Name, address, "ip -d -j link"), blade);
            var routes = await lab.SshAsync(blade.Name, address, "ip route");
            Assert.Contains($"default via {Address} dev br20", routes, StringComparison.Ordinal);
            Assert.Contains("10.99.0.0/16 via 10.78.0.9 dev br20", routes, StringComparison.Ordinal);
            var rules = await lab.SshAsync(blade.Name, address, "nft list table inet netdeploy");
            Assert.Contains("policy drop;", rules, StringComparison.Ordinal);
            Assert.Contains("iifname \"br20\" ip saddr 10.78.0.0/24 tcp dport 22 accept comment \"ssh\"", rules, StringComparison.Ordinal);

            Assert.Equal("said\n", await lab.SshAsync(blade.Name, address, "cat /root/said"));
            Assert.Equal("by ansible on blade-1", await lab.SshAsync(blade.Name, address, "cat /etc/handed-over"));
            Assert.Equal("", await lab.SshAsync(blade.Name, address, "systemctl --failed --no-legend; ls /etc/netdeploy/first-boot.t* 2>/dev/null || true"));

            // Two doors with the same service behind them: the one that no rule names is shut, seen from outside.
            await lab.SshAsync(blade.Name, address, "mkdir -p /run/sshd && /usr/sbin/sshd -p 2222");
            Assert.False(await ReachesAsync(lab, address, 2222), "a port that no rule admits answers");
            Assert.True(await ReachesAsync(lab, address, 22), "the port that a rule admits does not answer");

            // One cable is pulled: the bond goes on with the other.
            await lab.SshAsync(blade.Name, address, "ip link set lan0 down");
            Assert.Contains("\"operstate\":\"UP\"", await lab.SshAsync(blade.Name, address, "ip -j link show bond0"), StringComparison.Ordinal);
        }
        finally
        {
            served.Kill();
        }
    }

    private static void AssertLinks(string json, BladeHardware blade)
    {
        var links = JsonDocument.Parse(json).RootElement.EnumerateArray().ToDictionary(l => l.GetProperty("ifname").GetString()!);
        string Master(string name) => links[name].GetProperty("master").GetString()!;
        JsonElement Data(string name) => links[name].GetProperty("linkinfo").GetProperty("info_data");

        Assert.Equal(blade.Identity.Mac, Text(links["lan0"], "permaddr") ?? Text(links["lan0"], "address"));
        var members = links.Values.Where(l => Text(l, "master") == "bond0").Select(l => Text(l, "ifname")!).ToList();
        Assert.Equal(2, members.Count);
        Assert.Contains("lan0", members);
        Assert.Equal("active-backup", Data("bond0").GetProperty("mode").GetString());
        Assert.Equal("lan0", Data("bond0").GetProperty("primary").GetString());
        Assert.Equal(("bond0", 20), (Text(links["vlan20"], "link"), Data("vlan20").GetProperty("id").GetInt32()));
        Assert.Equal("br20", Master("vlan20"));
        Assert.All(new[] { "bond0", "vlan20", "br20" }, name => Assert.Equal(blade.Identity.Mac, Text(links[name], "address")));
        Assert.Equal("UP", Text(links["br20"], "operstate"));
        Assert.Equal("bridge", links["brguests"].GetProperty("linkinfo").GetProperty("info_kind").GetString());
    }

    private static string? Text(JsonElement link, string name) => link.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static async Task<bool> ReachesAsync(LabRun lab, string address, int port)
    {
        using var knock = lab.Beside("timeout", "5", "bash", "-c", $"exec 3<>/dev/tcp/{address}/{port}");
        await knock.WaitForExitAsync(TestContext.Current.CancellationToken);
        return knock.ExitCode == 0;
    }

    private static string Profile(BladeHardware blade) =>
        $$"""
          nics: [{mac: boot, name: lan0}]
          bonds: [{name: bond0, members: [lan0, '{{blade.MorePorts[0].Mac}}'], primary: lan0}]
          vlans: [{name: vlan20, id: 20, link: bond0}]
          bridges:
            - {name: br20, members: [vlan20], dhcp: true, routes: [{to: 10.99.0.0/16, via: 10.78.0.9}]}
            - {name: brguests}
          firewall:
            allow: [{name: ssh, ports: [22], from: [10.78.0.0/24], interface: br20}]
          scripts:
            - name: say
              when: first-boot
              content: |
                #!/bin/sh
                echo said >/root/said
          handover: {by: ansible-pull, repository: 'http://{{Address}}:{{RepositoryPort}}/site.git', playbook: site.yml, ref: main}
        """ + "\n";

    [GeneratedRegex(@" at (10\.[0-9.]+)$")]
    private static partial Regex FirstAddress();

    /// <summary>A git repository that a plain web server can hand out.</summary>
    private sealed class PlaybookRepository : IDisposable
    {
        private const string Playbook = """
            - hosts: all
              tasks:
                - ansible.builtin.copy:
                    dest: /etc/handed-over
                    content: "by ansible on {{ ansible_hostname }}"

            """;

        public PlaybookRepository()
        {
            var work = Path.Combine(Folder, "work");
            Directory.CreateDirectory(work);
            File.WriteAllText(Path.Combine(work, "site.yml"), Playbook);
            Git(work, "init", "--quiet", "--initial-branch=main");
            Git(work, "add", "site.yml");
            Git(work, "-c", "user.name=test", "-c", "user.email=test@example.test", "commit", "--quiet", "--message=site");
            Git(Folder, "clone", "--quiet", "--bare", work, "site.git");
            Git(Path.Combine(Folder, "site.git"), "update-server-info");
        }

        public string Folder { get; } = Directory.CreateTempSubdirectory("ndt-git-").FullName;

        public void Dispose() => Directory.Delete(Folder, recursive: true);

        private static void Git(string folder, params string[] arguments)
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["-C", folder, .. arguments]))!;
            git.WaitForExit();
            Assert.Equal(0, git.ExitCode);
        }
    }
}
