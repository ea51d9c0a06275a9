using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Tests.Profiles;

public sealed class DiagnosticTests
{
    private const string Header = "apiVersion: netdeploy/v1\nkind: Machine\nname: blade1\ndistro: debian-12\n";

    [Theory]
    [InlineData("", 1)]
    [InlineData("\nrelays: [10.77.0.3]\n", 0)]
    public void A_slot_that_no_relay_can_tell_is_warned_of(string relays, int warnings)
    {
        var result = ShippedFiles.Parse(Header + "binding: {slot: {circuitId: '01'}}\n", ShippedFiles.Network + relays);
        Assert.NotNull(result.Value);
        var found = result.Diagnostics.Where(d => d.Path == "binding.slot").ToList();
        Assert.Equal(warnings, found.Count);
        Assert.All(found, d => Assert.Equal((Severity.Warning, "test0.yaml", 5), (d.Severity, d.File, d.Line)));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("# later\n", true)]
    [InlineData("apiVersion: netdeploy/v1\nkind: Profile\nname: a\n", false)]
    public void A_file_without_a_document_is_warned_of(string text, bool warned)
    {
        var result = ShippedFiles.Parse(text);
        Assert.NotNull(result.Value);
        Assert.Equal(warned, result.Diagnostics.Any(d => d is { Severity: Severity.Warning, File: "test0.yaml" } && d.Message.Contains("no document", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("users: [{name: bob, uid: 1000}, {name: eve, uid: 1000}]", 5)]
    [InlineData("users: [{name: bob, groups: [docker]}]", 5)]
    [InlineData("storage: {layout: custom}", 5)]
    [InlineData("timezone: Europe/Berlin", 0)]
    public void A_profile_that_no_machine_has_is_tried_by_itself(string system, int line)
    {
        var profile = $"apiVersion: netdeploy/v1\nkind: Profile\nname: spare\nsystem:\n  {system}\n";
        var unused = ShippedFiles.Parse(profile);
        Assert.NotNull(unused.Value);
        Assert.Equal(line, unused.Diagnostics.FirstOrDefault(d => d.File == "test0.yaml")?.Line ?? 0);
        Assert.All(unused.Diagnostics, d => Assert.Equal(Severity.Warning, d.Severity));

        var used = ShippedFiles.Parse(profile, Header + "profiles: [spare]\n");
        Assert.Equal(line > 0, used.Diagnostics.Any(d => d.Severity == Severity.Error));
        Assert.DoesNotContain(used.Diagnostics, d => d.Message.Contains("No machine has", StringComparison.Ordinal));
    }

    /// <summary>Each text is a whole file; place and words are those of the first error.</summary>
    [Theory]
    [InlineData("apiVersion: netdeploy/v2\nkind: Machine\nname: a\n", 1, 13, "apiVersion", "unknown apiVersion", "netdeploy/v1")]
    [InlineData("kind: Machine\nname: a\n", 1, 1, "apiVersion", "missing", "netdeploy/v1")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Machin\nname: a\n", 2, 7, "kind", "unknown kind", "Did you mean 'Machine'?")]
    [InlineData("apiVersion: netdeploy/v1\nname: a\n", 1, 1, "kind", "missing", "Machine")]
    [InlineData("- a\n- b\n", 1, 1, "", "a document is a map", "apiVersion")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Machine\ndistro: debian-12\n", 1, 1, "name", "missing", "name")]
    [InlineData(Header + "profile: [minimal]\n", 5, 1, "profile", "unknown key", "Did you mean 'profiles'?")]
    [InlineData(Header + "profiles: [minimul]\n", 5, 12, "profiles[0]", "no profile 'minimul'", "Did you mean 'minimal'?")]
    [InlineData(Header + "profiles: [minimal, minimal]\n", 5, 21, "profiles[1]", "twice", "Keep one")]
    [InlineData(Header + "profiles: minimal\n", 5, 11, "profiles", "expected a list of names, found one value", "")]
    [InlineData(Header + "protected: yes\n", 5, 12, "protected", "neither true nor false", "")]
    [InlineData(Header + "protected:\n", 5, 11, "protected", "no value", "remove the key")]
    [InlineData(Header + "binding: {macs: ['52:54:00:12:34']}\n", 5, 18, "binding.macs[0]", "is no MAC address", "52:54:00:12:34:56")]
    [InlineData(Header + "binding: {macs: ['ff:ff:ff:ff:ff:ff']}\n", 5, 18, "binding.macs[0]", "multicast", "")]
    [InlineData(Header + "address: 10.77.0\n", 5, 10, "address", "is no IPv4 address", "10.77.0.21")]
    [InlineData(Header + "address: 10.99.0.1\n", 5, 10, "address", "host address of no network", "Network document")]
    [InlineData(Header + "platform: p9\n", 5, 11, "platform", "no platform 'p9'", "")]
    [InlineData(Header + "name: other\n", 5, 1, "name", "written twice", "Keep one")]
    [InlineData(Header + "system:\n\tlocale: C.UTF-8\n", 6, 1, "", "not readable as YAML", "replace the tab")]
    [InlineData(Header + "system: {locale: [}\n", 5, 19, "", "not readable as YAML", "indentation")]
    [InlineData(Header + "system: !!python/object:os.system x\n", 5, 9, "", "the YAML tag", "")]
    [InlineData(Header + "system: {<<: {locale: C.UTF-8}}\n", 5, 10, "", "merge keys", "")]
    [InlineData(Header + "system: *nothing\n", 5, 9, "", "no anchor", "")]
    [InlineData(Header + "system: &a {packages: [*a]}\n", 5, 24, "", "no anchor that is complete", "")]
    [InlineData(Header + "remove: [system]\n", 5, 1, "remove", "no layer below", "system")]
    public void A_mistake_is_reported_at_its_place_with_a_remedy(string text, int line, int column, string path, string message, string remedy)
    {
        var result = ShippedFiles.Parse(text);

        Assert.Null(result.Value);
        var error = result.Diagnostics.First(d => d.Severity == Severity.Error);
        Assert.Equal(("test0.yaml", line, column, path), (error.File, error.Line, error.Column, error.Path));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
    }

    /// <summary>Each text is a machine's <c>system</c>, one key on line 7.</summary>
    [Theory]
    [InlineData("  users: [{name: admin}]", "system.users[admin]", "reserved", "Take another name")]
    [InlineData("  users: [{name: operator}]", "system.users[operator]", "reserved", "Take another name")]
    [InlineData("  users: [{name: root}]", "system.users[root]", "reserved", "system.root")]
    [InlineData("  users: [{name: Bob}]", "system.users[Bob].name", "is no account name", "")]
    [InlineData("  users: [{name: bob}, {name: bob}]", "system.users[bob]", "twice", "")]
    [InlineData("  users: [{uid: 1000}]", "system.users[0]", "'name' is missing", "name")]
    [InlineData("  users: [{name: bob, uid: 1000}, {name: eve, uid: 1000}]", "system.users[eve].uid", "also belongs to 'bob'", "")]
    [InlineData("  users: [{name: bob, groups: [docker]}]", "system.users[bob].groups", "no group 'docker'", "system.groups")]
    [InlineData("  users: [{name: bob, passwordHash: hunter2}]", "system.users[bob].passwordHash", "no crypt hash", "netdeploy passwd")]
    [InlineData("  users: [{name: bob, passwordHash: {strength: wired}}]", "system.users[bob].passwordHash", "names no secret", "")]
    [InlineData("  users: [{name: bob, passwordHash: {secret: s, strength: strong}}]", "system.users[bob].passwordHash.strength", "is none of", "")]
    [InlineData("  users: [{name: bob, sshKeys: [nonsense]}]", "system.users[bob].sshKeys[0]", "no SSH public key", ".pub")]
    [InlineData("  groups: [{name: bob}]\n  users: [{name: bob}]", "system.groups[bob]", "by itself", "")]
    [InlineData("  storage: {swap: 2}", "system.storage.swap", "is no size", "512MiB")]
    [InlineData("  storage: {swap: -1GiB}", "system.storage.swap", "is no size", "")]
    [InlineData("  storage: {select: {minSize: 8GiB, maxSize: 4GiB}}", "system.storage.select.minSize", "no disk fits", "")]
    [InlineData("  storage: {disks: [{name: a, partitions: [{name: r, size: rest, mount: /}]}]}", "system.storage.disks", "does not go with layout simple", "custom")]
    [InlineData("  storage: {layout: custom}", "system.storage", "no disk", "simple")]
    [InlineData("  storage: {layout: custom, disks: [{name: a, partitions: [{name: r, size: 4GiB}]}]}", "system.storage", "nothing is mounted at /", "mount: /")]
    [InlineData("  storage: {layout: custom, disks: [{name: a, partitions: [{name: r, size: rest, mount: /}, {name: s, size: 1GiB, mount: /srv}]}]}", "system.storage.disks[a].partitions[r].size", "only the last partition", "")]
    [InlineData("  storage: {layout: custom, disks: [{name: a, partitions: [{name: r, size: 1GiB, mount: /}, {name: s, size: rest, mount: /}]}]}", "system.storage.disks[a].partitions[s].mount", "also the mount point", "")]
    [InlineData("  storage: {layout: custom, disks: [{name: a, partitions: [{name: r, size: rest, volumeGroup: vg1}]}]}", "system.storage.disks[a].partitions[r].volumeGroup", "no volume group 'vg1'", "")]
    [InlineData("  storage: {layout: custom, disks: [{name: a, partitions: [{name: r, mount: /}]}]}", "system.storage.disks[a].partitions[r].size", "size is missing", "rest")]
    [InlineData("  nics: [{mac: 52:54:00:00:00:01, addresses: [10.0.0.2/24], gateway: 10.0.1.1}]", "system.nics[52:54:00:00:00:01].gateway", "in no subnet", "")]
    [InlineData("  nics: [{mac: 52:54:00:00:00:01, addresses: [10.0.0.2]}]", "system.nics[52:54:00:00:00:01].addresses[0]", "no address with prefix", "/24")]
    [InlineData("  nics: [{mac: 52:54:00:00:00:01}, {mac: 52-54-00-00-00-01}]", "system.nics[52-54-00-00-00-01]", "twice", "")]
    [InlineData("  repositories: [{name: extra, mirror: debain, suite: x, components: [main]}]", "system.repositories[extra].mirror", "no mirror 'debain'", "'debian'")]
    [InlineData("  repositories: [{name: extra, uri: 'http://me:pw@x/y', suite: x, components: [main]}]", "system.repositories[extra].uri", "user name or password", "")]
    [InlineData("  kernelArguments: ['quiet $(reboot)']", "system.kernelArguments[0]", "no kernel argument", "")]
    [InlineData("  kernelArguments: [\"quiet\\ninit=/bin/sh\"]", "system.kernelArguments[0]", "no kernel argument", "")]
    [InlineData("  scripts: [{name: s, when: install, content: reboot}]", "system.scripts[s].content", "does not start with '#!/'", "#!/bin/sh")]
    [InlineData("  scripts: [{name: s, content: '#!/bin/sh'}]", "system.scripts[s]", "when it runs", "when: build")]
    [InlineData("  timezone: Mars;reboot", "system.timezone", "no name of the IANA", "")]
    [InlineData("  locale: de_DE", "system.locale", "no UTF-8 locale", "de_DE.UTF-8")]
    [InlineData("  ssh: {hostKeys: []}", "system.ssh.hostKeys", "cannot be reached", "")]
    [InlineData("  ssh: {hostKeys: [dsa]}", "system.ssh.hostKeys[0]", "is none of", "")]
    [InlineData("  users: {append: [{name: bob}]}", "system.users.append", "may only say add, remove or replace", "")]
    [InlineData("  storage: {filesystem: zfs}", "system.storage.filesystem", "is none of", "")]
    [InlineData("  packages: {remove: [openssh-server]}", "system.packages", "openssh-server is missing", "")]
    [InlineData("  users: [{name: bob, comment: \"a\\0b\"}]", "system.users[bob].comment", "NUL", "Remove")]
    public void A_mistake_in_a_system_is_reported_at_its_place_with_a_remedy(string system, string path, string message, string remedy)
    {
        var result = ShippedFiles.Parse(ShippedFiles.Site, ShippedFiles.MachineWith(system));

        Assert.Null(result.Value);
        Assert.Contains(result.Diagnostics, d => d.Path == path);
        var error = result.Diagnostics.First(d => d.Path == path);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
        Assert.True(error.Line > 0);
    }

    [Theory]
    [InlineData("subnet: 10.77.0.1/24", "subnet", "bits set beyond its prefix")]
    [InlineData("subnet: 10.77.0.0/31", "subnet", "from /8 to /30")]
    [InlineData("subnet: fd00::/64", "subnet", "is no IPv4 subnet")]
    [InlineData("subnet: 10.77.0.0/24\nrouter: 10.78.0.1", "router", "no host address of")]
    [InlineData("subnet: 10.77.0.0/24\npools: [{first: 10.77.0.0, last: 10.77.0.9}]", "pools[0]", "host addresses")]
    [InlineData("subnet: 10.77.0.0/24\npools: [{first: 10.77.0.9, last: 10.77.0.8}]", "pools[0]", "is behind")]
    [InlineData("subnet: 10.77.0.0/24\npools: [{first: 10.77.0.5, last: 10.77.0.9}, {first: 10.77.0.9, last: 10.77.0.12}]", "pools[1]", "overlaps")]
    [InlineData("subnet: 10.77.0.0/24\npools: [{first: 10.77.0.5}]", "pools[0].last", "missing")]
    [InlineData("subnet: 10.77.0.0/24\nuefiLoader: ipxe\nmode: proxy\npools: [{first: 10.77.0.5, last: 10.77.0.9}]", "pools", "hands out no addresses")]
    [InlineData("subnet: 10.77.0.0/24\nuefiLoader: ipxe\nmode: proxy\nrouter: 10.77.0.1", "router", "hands out no addresses")]
    [InlineData("subnet: 10.77.0.0/24\nuefiLoader: ipxe\nmode: proxy\ndns: [10.77.0.1]", "dns", "hands out no addresses")]
    [InlineData("subnet: 10.77.0.0/24\nuefiLoader: ipxe\nmode: proxy\ndomain: lab.example", "domain", "hands out no addresses")]
    [InlineData("subnet: 10.77.0.0/24\nuefiLoader: ipxe\nmode: proxy\nleaseTime: 1h", "leaseTime", "hands out no addresses")]
    [InlineData("subnet: 10.77.0.0/24\nmode: proxy", "uefiLoader", "GRUB asks the server that the main DHCP server names")]
    [InlineData("subnet: 10.77.0.0/24\nleaseTime: 30s", "leaseTime", "less than a minute")]
    [InlineData("subnet: 10.77.0.0/24\nleaseTime: 0s", "leaseTime", "is no duration")]
    public void A_mistake_in_a_network_is_reported(string body, string path, string message)
    {
        var result = ShippedFiles.Parse("apiVersion: netdeploy/v1\nkind: Network\nname: n1\n" + body);

        var error = Assert.Single(result.Diagnostics);
        Assert.Equal(path, error.Path);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.NotEqual("", error.Remedy);
        Assert.True(error.Line > 3);
    }

    [Fact]
    public void An_address_that_is_the_routers_is_refused_at_its_line()
    {
        var network = "apiVersion: netdeploy/v1\nkind: Network\nname: lab\nsubnet: 10.77.0.0/24\nrouter: 10.77.0.1";
        var result = ShippedFiles.Parse(ShippedFiles.Site, network, ShippedFiles.Machine("a1", "address: 10.77.0.1"));

        Assert.Equal("address", Assert.Single(result.Diagnostics).Path);
    }

    [Fact]
    public void What_two_documents_both_claim_is_an_error()
    {
        var first = ShippedFiles.Machine("a1", "address: 10.77.0.5\nbinding: {macs: ['52:54:00:00:00:01'], uuid: 4c4c4544-0042-3510-8052-b4c04f4d3532}");
        var second = ShippedFiles.Machine("a2", "address: 10.77.0.5\nbinding: {macs: ['52:54:00:00:00:01'], uuid: 4c4c4544-0042-3510-8052-b4c04f4d3532}");

        var paths = ShippedFiles.Parse(ShippedFiles.Site, ShippedFiles.Network, first, second).Diagnostics.Select(d => d.Path);
        var names = ShippedFiles.Parse(ShippedFiles.Site, ShippedFiles.Network, ShippedFiles.Network).Diagnostics;

        Assert.Equal(["address", "binding.macs", "binding.uuid"], paths.Order(StringComparer.Ordinal));
        Assert.Contains("another Network named 'lab': test1.yaml:1", Assert.Single(names).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cycle_of_parents_is_told_with_its_way()
    {
        static string Profile(string name, string parent) => $"apiVersion: netdeploy/v1\nkind: Profile\nname: {name}\nparents: [{parent}]\n";

        var result = ShippedFiles.Parse(Profile("a", "b"), Profile("b", "c"), Profile("c", "a"), Profile("d", "d"));

        Assert.Equal(4, result.Diagnostics.Length);
        Assert.Contains("a -> b -> c -> a", result.Diagnostics[0].Message, StringComparison.Ordinal);
        Assert.Contains("d -> d", result.Diagnostics[3].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Generations_of_parents_are_bounded()
    {
        var chain = string.Join("---\n", Enumerable.Range(0, 5000).Select(i => $"apiVersion: netdeploy/v1\nkind: Profile\nname: p{i}\nparents: [p{i + 1}]\n"));

        var result = ShippedFiles.Parse(chain + "---\napiVersion: netdeploy/v1\nkind: Profile\nname: p5000\n");

        Assert.Null(result.Value);
        Assert.Contains("32 generations", result.Diagnostics[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_item_cannot_lose_its_name()
    {
        var result = ShippedFiles.Parse(ShippedFiles.MachineWith("  users: [{name: ops, remove: [name]}]"));

        Assert.Contains("cannot be removed", Assert.Single(result.Diagnostics).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once()
    {
        var result = ShippedFiles.Parse(Header + "protcted: true\naddress: 1\nsystem: {locale: x, timezone: '?'}\n", "kind: Nothing\n", "a: [\n");

        Assert.Equal(6, result.Diagnostics.Length);
    }

    [Fact]
    public void A_password_in_plain_text_is_not_repeated_in_the_diagnostic()
    {
        var result = ShippedFiles.Parse(ShippedFiles.MachineWith("  root: {passwordHash: hunter2}"));

        Assert.DoesNotContain("hunter2", string.Join('\n', result.Diagnostics), StringComparison.Ordinal);
    }

    [Fact]
    public void A_machine_that_nobody_can_log_in_to_is_a_warning_and_still_a_snapshot()
    {
        var result = ShippedFiles.Parse(ShippedFiles.Machine());

        Assert.NotNull(result.Value);
        Assert.Equal(Severity.Warning, Assert.Single(result.Diagnostics).Severity);
    }
}
