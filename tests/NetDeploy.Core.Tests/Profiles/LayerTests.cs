using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Tests.Profiles;

public sealed class LayerTests
{
    private const string Key1 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq9wR9VfhqXVkFLUnjvNxSVdVWTXFyjCbBdQ0Kd3q5A one";

    [Fact]
    public void Scalars_are_won_by_the_strongest_layer_in_the_stated_order()
    {
        string[] layers =
        [
            Profile("s1", "timezone: Etc/GMT+1", "site: true"),
            Profile("a", "timezone: Etc/GMT+2"),
            Profile("b", "timezone: Etc/GMT+3"),
            "apiVersion: netdeploy/v1\nkind: Platform\nname: p\nsystem: {timezone: Etc/GMT+4}\n",
        ];

        string Zone(string machine) => ShippedFiles.Load([.. layers, machine]).Recipes["m"].System.TimeZone;

        Assert.Equal("Etc/GMT+1", Zone(Machine("profiles: []")));
        Assert.Equal("Etc/GMT+2", Zone(Machine("profiles: [a]")));
        Assert.Equal("Etc/GMT+3", Zone(Machine("profiles: [a, b]")));
        Assert.Equal("Etc/GMT+2", Zone(Machine("profiles: [b, a]")));
        Assert.Equal("Etc/GMT+4", Zone(Machine("profiles: [a]\nplatform: p")));
        Assert.Equal("Etc/GMT+5", Zone(Machine("profiles: [a]\nplatform: p\nsystem: {timezone: Etc/GMT+5}")));
    }

    [Fact]
    public void A_profile_is_stronger_than_its_parents_and_a_shared_parent_counts_once()
    {
        var snapshot = ShippedFiles.Load(
            Profile("base", "timezone: Etc/GMT+1"),
            Profile("left", "timezone: Etc/GMT+2", "parents: [base]"),
            Profile("right", "locale: de_DE.UTF-8", "parents: [base]"),
            Machine("profiles: [left, right]"));

        // Once more below 'right', 'base' would win over 'left'.
        Assert.Equal("Etc/GMT+2", snapshot.Recipes["m"].System.TimeZone);
        Assert.Equal("de_DE.UTF-8", snapshot.Recipes["m"].System.Locale);
    }

    [Fact]
    public void Named_things_merge_by_name_and_other_lists_are_replaced()
    {
        var system = Resolve(
            $"users: [{{name: ann, uid: 2000, groups: [adm, audio], sshKeys: ['{Key1}']}}, {{name: bob}}]\nntp: [a.test, b.test]",
            "users: [{name: ann, shell: /bin/sh, groups: [video]}, {name: eve}]\nntp: [c.test]");

        Assert.Equal(["ann", "bob", "eve"], system.Users.Select(u => u.Name));
        var ann = system.Users[0];
        Assert.Equal((2000, "/bin/sh"), (ann.Uid, ann.Shell));
        Assert.Equal(["video"], ann.Groups);
        Assert.Equal([Key1], ann.SshKeys);
        Assert.Equal(["c.test"], system.NtpServers);
    }

    [Fact]
    public void NICs_merge_by_address_however_it_is_written()
    {
        var system = Resolve("nics: [{mac: 52:54:00:AA:00:01, mtu: 9000}]", "nics: [{mac: 52-54-00-aa-00-01, dhcp: true}]");

        Assert.Equal(9000, Assert.Single(system.Nics).Mtu);
    }

    [Fact]
    public void Remove_replace_and_add_are_explicit()
    {
        Assert.DoesNotContain("less", Resolve("packages: [less, vim]", "packages: {remove: [less]}").Packages);
        Assert.Contains("vim", Resolve("packages: [less, vim]", "packages: {remove: [less], add: [nano]}").Packages);
        Assert.Contains("nano", Resolve("packages: [less, vim]", "packages: {remove: [less], add: [nano]}").Packages);
        Assert.Equal(["eve"], Resolve("users: [{name: ann}]", "users: {replace: [{name: eve}]}").Users.Select(u => u.Name));
        Assert.Equal(["a.test", "b.test"], Resolve("ntp: [a.test]", "ntp: {add: [b.test]}").NtpServers);
        Assert.Equal(["b.test"], Resolve("ntp: [a.test, b.test]", "ntp: {remove: [a.test]}").NtpServers);
        Assert.Null(Resolve("domain: a.test", "remove: [domain]").Domain);
        Assert.Equal(new KeyboardSpec("de", null), Resolve("keyboard: {layout: us, variant: dvorak}", "keyboard: {replace: {layout: de}}").Keyboard);
        Assert.Equal(new KeyboardSpec("de", "dvorak"), Resolve("keyboard: {layout: us, variant: dvorak}", "keyboard: {layout: de}").Keyboard);
        Assert.Empty(Resolve($"users: [{{name: ann, sshKeys: ['{Key1}']}}]", "users: [{name: ann, remove: [sshKeys]}]").Users[0].SshKeys);
    }

    [Fact]
    public void Removing_what_is_not_there_is_a_warning()
    {
        var result = ShippedFiles.Parse(ShippedFiles.Site, ShippedFiles.MachineWith("  packages: {remove: [emacs]}"));

        Assert.NotNull(result.Value);
        var warning = Assert.Single(result.Diagnostics);
        Assert.Equal((Severity.Warning, 7), (warning.Severity, warning.Line));
    }

    [Fact]
    public void A_custom_layout_takes_the_place_of_the_distros_simple_one()
    {
        var system = Resolve("ntp: []", "storage: {layout: custom, disks: [{name: d, partitions: [{name: b, size: 1MiB, type: bios-boot}, {name: e, size: 300MiB, type: esp}, {name: r, size: rest, mount: /}]}]}");

        Assert.Equal("d", Assert.Single(system.Storage.Disks).Name);
        Assert.Equal([1, 300, 0], system.Storage.Disks[0].Partitions.Select(p => p.SizeMiB));
    }

    [Fact]
    public void A_layer_that_changes_the_layout_starts_storage_afresh()
    {
        const string Custom = "storage: {layout: custom, disks: [{name: d, partitions: [{name: b, size: 1MiB, type: bios-boot}, {name: e, size: 300MiB, type: esp}, {name: r, size: rest, mount: /}]}]}";

        Assert.Equal("root", Assert.Single(Resolve(Custom, "storage: simple").Storage.Disks).Name);
        Assert.Equal("d", Assert.Single(Resolve("storage: {select: {bus: nvme}, swap: 1GiB}", Custom).Storage.Disks).Name);
        Assert.Equal(("nvme", 2), (Resolve("storage: {select: {bus: nvme}}", "storage: {layout: simple, swap: 2GiB}").Storage.Disks[0] is var disk ? (disk.Selector.Bus, disk.Partitions.Length - 2) : default));
    }

    [Fact]
    public void A_package_may_have_another_name_in_a_family()
    {
        var packages = Resolve("packages: [{name: httpd, families: {debian: apache2}}, {name: selinux, families: {debian: none}}]", "ntp: []").Packages;

        Assert.Contains("apache2", packages);
        Assert.DoesNotContain("httpd", packages);
        Assert.DoesNotContain("selinux", packages);
    }

    [Fact]
    public void A_site_profile_moves_every_repository_to_its_mirror()
    {
        var recipe = ShippedFiles.Load(ShippedFiles.Site, ShippedFiles.Machine()).Recipes["blade1"];

        Assert.Equal(
            ["http://10.77.0.1/debian bookworm", "http://10.77.0.1/debian bookworm-updates", "http://security.debian.org/debian-security bookworm-security"],
            recipe.System.Repositories.Select(r => $"{r.Uri} {r.Suite}"));
    }

    [Fact]
    public void Every_leaf_knows_file_line_column_and_layer()
    {
        var recipe = ShippedFiles.Load(ShippedFiles.Site, ShippedFiles.Network, ShippedFiles.MachineWith("  users:\n    - name: ops\n      shell: /bin/sh\n  timezone: Europe/Berlin")).Recipes["blade1"];

        Provenance Leaf(string path) => Assert.Single(recipe.Provenance, p => p.Path == path);
        Assert.Equal(new("system.timezone", "Europe/Berlin", "test2.yaml", 10, 13, "machine blade1"), Leaf("system.timezone"));
        Assert.Equal(new("system.users[ops].shell", "/bin/sh", "test2.yaml", 9, 14, "machine blade1"), Leaf("system.users[ops].shell"));
        Assert.Equal("profile minimal", Leaf("system.users[ops].comment").Layer);
        Assert.Equal("site lab", Leaf("system.users[ops].sshKeys[0]").Layer);
        Assert.Equal("distro debian-12", Leaf("system.storage.layout").Layer);
        Assert.All(recipe.Provenance, p => Assert.True(p.Line > 0 && p.Column > 0 && p.File.Length > 0 && p.Layer.Length > 0, p.ToString()));
    }

    [Fact]
    public void A_hash_is_not_shown_as_provenance()
    {
        var hash = "$6$saltstring$" + new string('x', 86);
        var recipe = ShippedFiles.Load(ShippedFiles.MachineWith($"  root: {{passwordHash: '{hash}'}}")).Recipes["blade1"];

        Assert.Equal("***", Assert.Single(recipe.Provenance, p => p.Path == "system.root.passwordHash").Value);
        Assert.Equal(hash, recipe.System.Root.Password!.Hash);
    }

    private static SystemSpec Resolve(string weaker, string stronger) =>
        ShippedFiles.Load(Profile("weak", weaker), Profile("strong", stronger), Machine("profiles: [weak, strong]")).Recipes["m"].System;

    private static string Profile(string name, string system, string more = "description: x") =>
        $"apiVersion: netdeploy/v1\nkind: Profile\nname: {name}\n{more}\nsystem:\n  {system.Replace("\n", "\n  ", StringComparison.Ordinal)}\n";

    private static string Machine(string more) => $"apiVersion: netdeploy/v1\nkind: Machine\nname: m\ndistro: debian-12\n{more}\n";
}
