using System.Collections.Immutable;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Secrets;
using NetDeploy.Core.Targets;
using NetDeploy.Core.Targets.DeployEnvironment;
using NetDeploy.Core.Targets.Plans;
using NetDeploy.Core.Tests.Profiles;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Tests.Targets;

public sealed class DeployEnvironmentTests
{
    private static readonly PlanContext Context = new()
    {
        Deployment = "d-0001",
        ServerUrl = new("http://10.77.0.1:8080"),
        ImageSha256 = new string('a', 64),
        ImageLength = 123456789,
        FirstBootToken = new("first-boot", 1, "TOKENTOKEN"),
        BootMac = MacAddress.Parse("52:54:00:00:00:07"),
    };

    [Fact]
    public void The_plan_of_the_minimal_profile_is_the_golden_one() =>
        Golden.Matches("minimal.plan.sh", Render(ShippedFiles.Machine()).Reveal());

    [Fact]
    public void The_plan_of_a_rich_machine_is_the_golden_one() => Golden.Matches("rich.plan.sh", Render(Rich).Reveal());

    [Fact]
    public void The_plan_of_encrypted_mirrored_disks_is_the_golden_one() =>
        Golden.Matches("mirrored.plan.sh", Render(ShippedFiles.MachineWith(StorageLayouts.Mirrored(StorageLayouts.Tang))).Reveal());

    [Theory]
    [InlineData("{unlock: tpm2}", "step_unlock 'system_crypt' 'tpm2' '{}'\n")]
    [InlineData("{unlock: tpm2, tpm2: {pcrs: [3, 0]}}", "step_unlock 'system_crypt' 'tpm2' '{\"pcr_bank\":\"sha256\",\"pcr_ids\":\"0,3\"}'\n")]
    [InlineData("{unlock: tang, tang: {url: 'http://10.0.0.9:1', trust: true}}", "step_unlock 'system_crypt' 'tang' '{\"url\":\"http://10.0.0.9:1\"}'\n")]
    public void What_opens_a_disk_is_told_as_clevis_takes_it(string encryption, string step)
    {
        var plan = Render(ShippedFiles.MachineWith(StorageLayouts.Mirrored(encryption))).Reveal();

        Assert.Contains(step, plan, StringComparison.Ordinal);
        Assert.Equal(encryption.Contains("tpm2", StringComparison.Ordinal), plan.Contains("step_needs_tpm\n", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("open sesame", IdentityStrength.Wired, null)]
    [InlineData("open sesame", IdentityStrength.Claimed, "needs identity 'wired'")]
    [InlineData("", IdentityStrength.Wired, "no passphrase")]
    [InlineData("two\nlines", IdentityStrength.Wired, "no passphrase")]
    public void A_passphrase_goes_to_a_machine_that_is_known_by_its_port_and_is_not_kept(string value, IdentityStrength strength, string? refused)
    {
        var recipe = Recipe(ShippedFiles.MachineWith(StorageLayouts.Mirrored("{unlock: tpm2, passphrase: {secret: recovery}}")));

        var result = DeployEnvironmentTarget.Compile(recipe, Context with { Secrets = Secrets("recovery", value), Strength = strength });

        if (refused is not null)
        {
            Assert.Contains(refused, Assert.Single(result.Diagnostics).Message, StringComparison.Ordinal);
            return;
        }

        var file = result.Value!.Render().Value!;
        Assert.Contains($"step_luks 'system_crypt' 'raid:system' '{value}'\n", file.Reveal(), StringComparison.Ordinal);
        Assert.Contains("step_luks 'system_crypt' 'raid:system' 'secret recovery@2'\n", file.Redacted, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_before_the_claim_only_reads_and_the_end_is_finish()
    {
        var steps = Compile(Rich).Value!.Steps;

        Assert.Equal(["step_plan", "step_select_disk", "step_select_disk", "step_disk_size", "step_disk_size", "step_claim"], steps.Take(6).Select(s => s.Name));
        Assert.IsType<Finish>(steps[^1]);
        Assert.Single(steps.OfType<Claim>());
    }

    [Fact]
    public void Paths_are_mounted_before_what_lies_below_them_and_swap_comes_last()
    {
        var mounts = Compile(Rich).Value!.Steps.OfType<Mount>().Select(m => m.Path).ToArray();

        Assert.Equal(["/", "/srv", "/var", "/boot/efi", "/srv/data", "none"], mounts);
    }

    [Fact]
    public void Without_NICs_every_Ethernet_NIC_asks_DHCP_by_its_MAC()
    {
        var file = Assert.Single(Compile(ShippedFiles.Machine()).Value!.Steps.OfType<TextFile>(), f => f.Path.EndsWith(".network", StringComparison.Ordinal));

        Assert.Contains("Type=ether\nKind=!*\n", file.Content, StringComparison.Ordinal);
        Assert.Contains("DHCP=yes\n", file.Content, StringComparison.Ordinal);
        Assert.Contains("ClientIdentifier=mac\n", file.Content, StringComparison.Ordinal);
    }

    [Fact]
    public void The_NIC_that_boots_is_told_by_the_MAC_of_this_deployment()
    {
        var recipe = Recipe(ShippedFiles.MachineWith("  nics: [{mac: boot, addresses: [10.77.0.9/24]}]"));

        var plan = DeployEnvironmentTarget.Compile(recipe, Context).Value!;
        var unknown = DeployEnvironmentTarget.Compile(recipe, Context with { BootMac = null });

        Assert.Contains(plan.Steps.OfType<TextFile>(), f => f.Path.EndsWith("52-54-00-00-00-07.network", StringComparison.Ordinal) && f.Content.Contains("MACAddress=52:54:00:00:00:07\n", StringComparison.Ordinal));
        Assert.Null(unknown.Value);
        Assert.Contains("nobody knows", Assert.Single(unknown.Diagnostics).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_machine_that_boots_from_a_NIC_it_will_not_use_is_warned_of()
    {
        var result = Compile(ShippedFiles.MachineWith("  nics: [{mac: 52:54:00:00:00:99}]"));

        Assert.NotNull(result.Value);
        Assert.Equal((Severity.Warning, 7), (Assert.Single(result.Diagnostics).Severity, result.Diagnostics[0].Line));
    }

    [Fact]
    public void A_secret_is_served_and_only_its_reference_is_kept()
    {
        var machine = ShippedFiles.MachineWith("  users: [{name: ops, passwordHash: {secret: ops-hash, strength: wired}}]");
        var context = Context with { Secrets = Secrets("ops-hash", "$6$saltsalt$THEHASHTHEHASH"), Strength = IdentityStrength.Wired };

        var file = DeployEnvironmentTarget.Compile(Recipe(machine), context).Value!.Render().Value!;

        Assert.Contains("'$6$saltsalt$THEHASHTHEHASH'", file.Reveal(), StringComparison.Ordinal);
        Assert.Contains("'secret ops-hash@2'", file.Redacted, StringComparison.Ordinal);
        foreach (var shown in new[] { file.Redacted, file.ToString() })
        {
            Assert.DoesNotContain("THEHASH", shown, StringComparison.Ordinal);
            Assert.DoesNotContain("TOKENTOKEN", shown, StringComparison.Ordinal);
        }

        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(file.Reveal()))), file.Sha256);
    }

    [Fact]
    public void A_hash_in_a_document_is_served_and_not_kept()
    {
        var file = Render(ShippedFiles.MachineWith("  root: {passwordHash: $6$saltsalt$THEHASHTHEHASHTHEHASH}"));

        Assert.Contains("THEHASH", file.Reveal(), StringComparison.Ordinal);
        Assert.Contains("step_user 'root' '' '' '' '***' ''\n", file.Redacted, StringComparison.Ordinal);
        Assert.DoesNotContain("THEHASH", file.Redacted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ops-hash", IdentityStrength.Claimed, "needs identity 'wired', and this machine's is 'claimed'")]
    [InlineData("other", IdentityStrength.Proven, "there is no secret 'ops-hash'")]
    public void A_secret_that_is_missing_or_withheld_is_an_error_at_its_reference(string known, IdentityStrength strength, string message)
    {
        var machine = ShippedFiles.MachineWith("  users: [{name: ops, passwordHash: {secret: ops-hash, strength: wired}}]");

        var result = DeployEnvironmentTarget.Compile(Recipe(machine), Context with { Secrets = Secrets(known, "$6$saltsalt$hashhashhashhash"), Strength = strength });

        Assert.Null(result.Value);
        var error = Assert.Single(result.Diagnostics);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(("test1.yaml", 7), (error.File, error.Line));
    }

    [Theory]
    [InlineData("a:b")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("")]
    [InlineData("plainvalue")]
    [InlineData("$6$saltsalt$hashhashhashhash\n")]
    public void A_secret_that_is_no_password_hash_is_refused_and_not_shown(string value)
    {
        var machine = ShippedFiles.MachineWith("  root: {passwordHash: {secret: h}}");

        var result = DeployEnvironmentTarget.Compile(Recipe(machine), Context with { Secrets = Secrets("h", value) });

        Assert.Null(result.Value);
        var refused = Assert.Single(result.Diagnostics);
        Assert.Equal("the secret 'h' is no password hash.", refused.Message);
        Assert.Equal("Store one: netdeploy passwd | netdeploy secret set h", refused.Remedy);
    }

    [Fact]
    public void NUL_in_an_argument_is_an_error_and_not_a_broken_plan()
    {
        var result = new Plan([new Script("s", "a\0b")]).Render();

        Assert.Null(result.Value);
        Assert.Contains("NUL", Assert.Single(result.Diagnostics).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_family_that_no_target_has_is_an_error_before_any_grant()
    {
        var recipe = Recipe(ShippedFiles.Machine());

        var error = Assert.Single(TargetCatalog.Check(recipe with { Distro = recipe.Distro with { Family = "other" } }));

        Assert.Equal(("method", "test1.yaml", 1), (error.Path, error.File, error.Line));
        Assert.Contains("no target installs family 'other'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metal_and_guest_of_one_recipe_get_the_same_plan() =>
        Assert.Equal(Render(ShippedFiles.Machine(more: "type: metal")).Reveal(), Render(ShippedFiles.Machine(more: "type: guest")).Reveal());

    [Fact]
    public void The_hash_of_a_recipe_follows_what_is_installed_and_nothing_else()
    {
        var hash = Recipe(ShippedFiles.Machine()).Hash;

        Assert.Equal(hash, Recipe("# a comment\n" + ShippedFiles.Machine(more: "binding: {serial: X}\nprotected: true\nsystem: {timezone: Etc/UTC}")).Hash);
        string[] other =
        [
            "  timezone: Etc/GMT+1", "  domain: x.test", "  users: [{name: ops, shell: /bin/sh}]", "  packages: [vim]", "  kernelArguments: [quiet]",
            "  storage: {swap: 1GiB}", "  nics: [{mac: boot, mtu: 9000}]", "  nics: [{mac: boot}]", "  services: [cron]", "  ntp: [x.test]", "  ssh: {hostKeys: [rsa]}",
            "  scripts: [{name: s, when: install, content: '#!/bin/true'}]", "  root: {passwordHash: {secret: h}}", "  root: {passwordHash: {secret: h2}}", "  groups: [{name: g}]",
        ];
        var hashes = other.Select(o => Recipe(ShippedFiles.MachineWith(o)).Hash).Append(hash).ToArray();
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }

    private static string Rich => ShippedFiles.MachineWith(
        """
          domain: example.test
          locale: de_DE.UTF-8
          keyboard: {layout: de, variant: nodeadkeys}
          timezone: Europe/Berlin
          ntp: [ntp1.example.test, 10.0.0.5]
          dns: {servers: [10.77.0.53], search: [example.test]}
          kernelArguments: ['console=tty0', 'console=ttyS0,115200']
          root: {sshKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq9wR9VfhqXVkFLUnjvNxSVdVWTXFyjCbBdQ0Kd3q5B root]}
          groups: [{name: web, gid: 3000}]
          users:
            - {name: o-neill, uid: 2000, comment: "Jack O'Neill", groups: [web, adm]}
          services: [{name: ssh, state: enabled}, {name: apt-daily.timer, state: masked}, {name: cron, state: disabled}]
          nics:
            - {mac: 52:54:00:00:00:07, addresses: [10.77.0.31/24, 'fd00::31/64'], gateway: 10.77.0.1, dns: [10.77.0.1], mtu: 9000}
            - {mac: 52:54:00:00:00:08, dhcp: true}
          ssh: {hostKeys: [ed25519, rsa]}
          scripts:
            - name: hello
              when: install
              content: |
                #!/bin/sh
                echo 'it'"'"'s done' > /root/hello
          storage:
            layout: custom
            disks:
              - name: system
                select: {minSize: 4GiB, maxSize: 64GiB, bus: nvme, model: "O'Disk *"}
                partitions:
                  - {name: bios, size: 1MiB, type: bios-boot}
                  - {name: esp, size: 256MiB, type: esp}
                  - {name: pv, size: rest, volumeGroup: vg0}
              - name: data
                select: {serial: DATA1}
                partitions:
                  - {name: srv, size: 2GiB, filesystem: xfs, mount: /srv/data, options: noatime}
                  - {name: pv, size: rest, volumeGroup: vg0}
            volumeGroups:
              - name: vg0
                volumes:
                  - {name: swap, size: 1GiB, filesystem: swap}
                  - {name: srv, size: 1GiB, mount: /srv}
                  - {name: var, size: 2GiB, mount: /var}
                  - {name: root, size: rest, label: root, mount: /}
        """);

    private static ImmutableDictionary<string, Secret> Secrets(string name, string value) =>
        ImmutableDictionary<string, Secret>.Empty.Add(name, new(name, 2, value));

    private static Recipe Recipe(string machine) => ShippedFiles.Load(ShippedFiles.Site, machine).Recipes["blade1"];

    private static Result<Plan> Compile(string machine) => DeployEnvironmentTarget.Compile(Recipe(machine), Context);

    private static RenderedFile Render(string machine)
    {
        var result = TargetCatalog.Render(Recipe(machine), Context);
        Assert.Empty(result.Diagnostics);
        return result.Value!;
    }
}
