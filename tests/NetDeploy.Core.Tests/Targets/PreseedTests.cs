using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Targets;
using NetDeploy.Core.Targets.Plans;
using NetDeploy.Core.Targets.Preseed;
using NetDeploy.Core.Tests.Profiles;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Tests.Targets;

public sealed class PreseedTests
{
    /// <summary>What the installer's programs read without a template of their own, and what udebs outside the table declare.</summary>
    private static readonly string[] WithoutTemplate =
    [
        "mirror/udeb/suite", "finish-install/reboot_in_progress", "partman-lvm/confirm_nooverwrite",
        "tasksel/first", "popularity-contest/participate", "hw-detect/firmware-lookup",
    ];

    private static readonly PlanContext Context = new()
    {
        Deployment = "d-0001",
        ServerUrl = new("http://10.77.0.1:8080"),
        FirstBootToken = new("first-boot", 1, "TOKENTOKEN"),
        BootMac = MacAddress.Parse("52:54:00:00:00:07"),
    };

    public static TheoryData<string, string> Both => new()
    {
        { "debian-12", "" },
        { "debian-13", "" },
        { "debian-12", Rich },
        { "debian-13", Rich },
    };

    [Theory]
    [InlineData("debian-12", "minimal.12.preseed.cfg")]
    [InlineData("debian-13", "minimal.13.preseed.cfg")]
    public void The_answers_of_the_minimal_profile_are_the_golden_ones(string distro, string golden) =>
        Golden.Matches(golden, Render(distro, "").Reveal());

    [Fact]
    public void The_answers_and_the_plan_of_a_rich_machine_are_the_golden_ones()
    {
        Golden.Matches("rich.13.preseed.cfg", Render("debian-13", Rich).Reveal());
        Golden.Matches("rich.13.preseed.plan.sh", TargetCatalog.RenderPlan(Recipe("debian-13", Rich), Context).Value!.Reveal());
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void Debconf_takes_the_answers_without_a_word(string distro, string system)
    {
        Assert.SkipUnless(DebconfCheck.IsThere, "needs debconf");

        Assert.Equal("", DebconfCheck.Run(Render(distro, system).Reveal()));
        Assert.Equal("", DebconfCheck.Run(string.Join('\n', Consent.Select(c => c.Value)) + "\n"));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void Every_question_exists_with_its_type_and_its_choices(string distro, string system)
    {
        var table = SharedFiles.Find("schemas/preseed-questions-13.json");
        Assert.SkipUnless(table is not null, "needs schemas/preseed-questions-13.json beside the project");
        using var questions = JsonDocument.Parse(File.ReadAllText(table));

        foreach (var question in Questions(distro, system))
        {
            if (WithoutTemplate.Contains(question.Name) || question.Name.StartsWith("apt-setup/local", StringComparison.Ordinal))
            {
                continue;
            }

            Assert.True(questions.RootElement.TryGetProperty(question.Name, out var known), $"{question.Name} is no question");
            var type = known.GetProperty("type").GetString();
            // debian-installer/locale is a select whose choices are made as it runs; Debian's own examples answer it as a string.
            Assert.True(string.Equals(type, question.Type.ToString(), StringComparison.OrdinalIgnoreCase) || question.Name == "debian-installer/locale", $"{question.Name} is a {type}");
            if (known.TryGetProperty("choices", out var choices) && question.Value.Reveal() is { Length: > 0 } value)
            {
                Assert.Contains(value, choices.EnumerateArray().Select(c => c.GetString()));
            }
        }
    }

    /// <summary>Debian's early command may end in any way. With one disk in the machine partman would take it, were it told to go on.</summary>
    [Theory]
    [MemberData(nameof(Both))]
    public void No_answer_lets_partman_begin_or_write_before_the_claim(string distro, string system)
    {
        var served = Questions(distro, system).Select(q => q.Name).ToArray();

        Assert.Contains(Consent, c => c.Groups["name"].Value == "partman-auto/method");
        Assert.All(Consent, c => Assert.DoesNotContain(c.Groups["name"].Value, served));
        Assert.DoesNotContain(served, name => name.StartsWith("partman", StringComparison.Ordinal) && Regex.IsMatch(name, "/(disk|method|choose_partition|confirm.*|device_remove.*|erase_disks)$"));
    }

    [Fact]
    public void What_the_claim_lets_partman_do_are_questions_with_their_types()
    {
        var table = SharedFiles.Find("schemas/preseed-questions-13.json");
        Assert.SkipUnless(table is not null, "needs schemas/preseed-questions-13.json beside the project");
        using var questions = JsonDocument.Parse(File.ReadAllText(table));

        Assert.All(Consent.Where(c => !WithoutTemplate.Contains(c.Groups["name"].Value)), c =>
            Assert.Equal(c.Groups["type"].Value, questions.RootElement.GetProperty(c.Groups["name"].Value).GetProperty("type").GetString()));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void The_partman_recipe_reads_back_without_a_mistake(string distro, string system) =>
        Assert.Null(PartmanRecipeCheck.Mistake(Questions(distro, system).Single(q => q.Name == "partman-auto/expert_recipe").Value.Reveal()));

    [Theory]
    [InlineData("r :: 100GB 100GB 100GB ext4 method{ format } use_filesystem{ } mountpoint{ / } .", "no bare numbers")]
    [InlineData("r :: 100 100 -1 zfs method{ format } use_filesystem{ } mountpoint{ / } .", "unknown")]
    [InlineData("r :: 100 100 -1 ext4 method{ format } use_filesystem{ } mountpoint{ / }", "no '.'")]
    [InlineData("r :: 100 50 -1 ext4 method{ format } use_filesystem{ } mountpoint{ / } .", "contradict")]
    [InlineData("r :: 100 100 -1 ext4 method{ format } mountpoint{ / } .", "does not use its file system")]
    [InlineData("r :: 100 100 -1 ext4 method{ format } use_filesystem{ } mountpoint{ /srv } .", "mounted on /")]
    [InlineData("r :: 100 100 -1 ext4 method{ format } use_filesystem{ mountpoint{ / } .", "no attribute")]
    [InlineData("r :: 100 100 -1 ext4 $lvmok{ } in_vg{ vg0 } lv_name{ r } method{ format } use_filesystem{ } mountpoint{ / } .", "no part is a physical volume of 'vg0'")]
    [InlineData("r 100 100 -1 ext4 .", "does not begin")]
    public void What_partman_would_swallow_is_found(string recipe, string mistake) =>
        Assert.Contains(mistake, PartmanRecipeCheck.Mistake(recipe), StringComparison.Ordinal);

    [Theory]
    [InlineData(1, 2)]
    [InlineData(256, 269)]
    [InlineData(1024, 1074)]
    public void A_partition_is_never_smaller_than_the_profile_says(long mebibytes, long megabytes) =>
        Assert.Equal(megabytes, PartmanRecipe.Megabytes(mebibytes));

    [Fact]
    public void The_kernel_of_the_profile_is_the_only_one()
    {
        var questions = Questions("debian-13", "  packages: {remove: [linux-image-amd64], add: [linux-image-cloud-amd64]}");

        Assert.Equal("linux-image-cloud-amd64", questions.Single(q => q.Name == "base-installer/kernel/image").Value.Reveal());
        Assert.DoesNotContain("linux-image", questions.Single(q => q.Name == "pkgsel/include").Value.Reveal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Components_come_from_the_suite_that_the_boot_files_name()
    {
        var with = PreseedAnswers.Of(Recipe("debian-13", ""), Context with { ComponentsSuite = "trixie-own" });

        Assert.Equal("trixie-own", with.Single(q => q.Name == "mirror/udeb/suite").Value.Reveal());
        Assert.DoesNotContain(Questions("debian-13", ""), q => q.Name == "mirror/udeb/suite");
    }

    [Fact]
    public void Both_methods_configure_the_system_by_the_same_steps()
    {
        var image = Steps(ShippedFiles.Load(ShippedFiles.Site, Machine("debian-13", Rich)).Recipes["blade1"] with { Method = InstallMethod.Image });
        var installer = Steps(Recipe("debian-13", Rich));

        var unlike = installer.Except(image).ToArray();
        Assert.All(unlike, step => Assert.True(step.StartsWith("step_file '/etc/apt/", StringComparison.Ordinal) || step.StartsWith("step_script 'grub-answers'", StringComparison.Ordinal), step));
        Assert.All(image.Except(installer), step => Assert.Matches("^step_(wipe|partition|partition_table|volume_group|logical_volume|filesystem|mount|unpack) ", step));
    }

    [Fact]
    public void Everything_before_the_claim_only_reads()
    {
        var steps = PreseedTarget.Compile(Recipe("debian-13", Rich), Context).Value!.Steps;

        Assert.Equal(["step_plan", "step_select_disk", "step_disk_size", "step_claim"], steps.Take(4).Select(s => s.Name));
        Assert.IsType<Finish>(steps[^1]);
    }

    [Fact]
    public void The_installers_log_gets_no_hash_and_no_token_from_the_answers()
    {
        const string System = "  root: {passwordHash: $6$saltsalt$THEHASHTHEHASHTHEHASH}";

        var answers = Render("debian-13", System);
        var plan = TargetCatalog.RenderPlan(Recipe("debian-13", System), Context).Value!;

        Assert.Contains("passwd/root-password-crypted password *\n", answers.Reveal(), StringComparison.Ordinal);
        Assert.DoesNotContain("THEHASH", answers.Reveal(), StringComparison.Ordinal);
        Assert.DoesNotContain("TOKENTOKEN", answers.Reveal(), StringComparison.Ordinal);
        Assert.Contains("step_user 'root' '' '' '' '$6$saltsalt$THEHASHTHEHASHTHEHASH' ''\n", plan.Reveal(), StringComparison.Ordinal);
        Assert.DoesNotContain("THEHASH", plan.Redacted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("  storage: {layout: custom, disks: [{name: a, select: {serial: A}, partitions: [{name: b, type: bios-boot, size: 1MiB}, {name: e, type: esp, size: 256MiB}, {name: r, size: rest, mount: /}]}, {name: b, select: {serial: B}, partitions: [{name: d, size: rest, mount: /srv}]}]}", "system.storage.disks[b]", "one disk alone")]
    [InlineData("  storage: {layout: custom, disks: [{name: a, select: {serial: A}, partitions: [{name: b, type: bios-boot, size: 1MiB}, {name: e, type: esp, size: 256MiB}, {name: r, size: rest, mount: /, options: commit=60}]}]}", "system.storage.disks[a].partitions[r].options", "no mount option 'commit=60'")]
    [InlineData("  storage: {layout: custom, disks: [{name: a, select: {serial: A}, partitions: [{name: b, type: bios-boot, size: 1MiB}, {name: e, type: esp, size: 256MiB}, {name: r, size: 1024TiB, mount: /}]}]}", "system.storage", "partman would misread its recipe")]
    [InlineData("  mirrors: {debian: 'https://mirror.example/debian'}", "system.repositories[main]", "speaks http alone")]
    [InlineData("  repositories: [{name: x, uri: 'http://x.test/y', suite: s, components: [main], key: \"-----BEGIN PGP PUBLIC KEY BLOCK-----\\n\\nmDMEaw==\\n-----END PGP PUBLIC KEY BLOCK-----\"}]", "system.repositories[x].key", "takes no key")]
    public void What_neither_the_installer_nor_a_step_can_do_is_an_error_at_its_line(string system, string path, string message)
    {
        var result = ShippedFiles.Parse(ShippedFiles.Site, Machine("debian-13", system));

        var error = Assert.Single(result.Diagnostics, d => d.Severity == Severity.Error);
        Assert.Equal(path, error.Path);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.NotEqual(0, error.Line);
        Assert.NotEmpty(error.Remedy);
    }

    [Fact]
    public void A_distro_without_an_installer_says_what_to_add()
    {
        var distro = File.ReadAllText(Path.Combine(ShippedFiles.Root, "profiles", "distros", "debian-13", "distro.yaml"))
            .Replace("name: debian-13", "name: debian-bare", StringComparison.Ordinal)
            .Replace("installer:\n  package: debian-installer-13-netboot-amd64\n", "", StringComparison.Ordinal);

        var error = Assert.Single(ShippedFiles.Parse(ShippedFiles.Site, distro, Machine("debian-bare", "")).Diagnostics, d => d.Severity == Severity.Error);

        Assert.Contains("does not say which package holds its installer", error.Message, StringComparison.Ordinal);
        Assert.Contains("installer: {package:", error.Remedy, StringComparison.Ordinal);
    }

    internal static string Rich =>
        """
          domain: example.test
          locale: de_DE.UTF-8
          keyboard: {layout: de, variant: nodeadkeys}
          timezone: Europe/Berlin
          ntp: [ntp1.example.test, 10.0.0.5]
          dns: {servers: [10.77.0.53], search: [example.test]}
          kernelArguments: ['console=tty0', 'console=ttyS0,115200']
          root: {passwordHash: $6$saltsalt$HASHHASHHASHHASH, sshKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq9wR9VfhqXVkFLUnjvNxSVdVWTXFyjCbBdQ0Kd3q5B root]}
          groups: [{name: web, gid: 3000}]
          users:
            - {name: o-neill, uid: 2000, comment: "Jack O'Neill, Größe $6$", groups: [web, adm]}
          repositories:
            - {name: tools, uri: 'http://tools.example/debian', suite: stable, components: [main, extra]}
          services: [{name: ssh, state: enabled}, {name: apt-daily.timer, state: masked}]
          nics:
            - {mac: 52:54:00:00:00:07, addresses: [10.77.0.31/24], gateway: 10.77.0.1, dns: [10.77.0.1], mtu: 9000}
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
                  - {name: boot, size: 512MiB, mount: /boot}
                  - {name: pv, size: rest, volumeGroup: vg0}
            volumeGroups:
              - name: vg0
                volumes:
                  - {name: swap, size: 1GiB, filesystem: swap}
                  - {name: srv, size: 1GiB, filesystem: xfs, mount: /srv, options: 'noatime,nodev'}
                  - {name: root, size: 8GiB, label: root, mount: /}
        """;

    /// <summary>The answers that the early command gives once the claim is granted.</summary>
    private static MatchCollection Consent { get; } =
        Regex.Matches(File.ReadAllText(Path.Combine(ShippedFiles.Root, "bootfiles", "installer", "steps.sh")), "^d-i (?<name>[^ ]+) (?<type>[a-z]+) .*$", RegexOptions.Multiline);

    private static string Machine(string distro, string system) =>
        ShippedFiles.Machine(more: "method: installer\n" + (system.Length > 0 ? "system:\n" + system : "")).Replace("distro: debian-12", "distro: " + distro, StringComparison.Ordinal);

    private static Recipe Recipe(string distro, string system) => ShippedFiles.Load(ShippedFiles.Site, Machine(distro, system)).Recipes["blade1"];

    private static ImmutableArray<PreseedQuestion> Questions(string distro, string system) => PreseedAnswers.Of(Recipe(distro, system), Context);

    private static string[] Steps(Recipe recipe) =>
        TargetCatalog.RenderPlan(recipe, Context with { ImageSha256 = new string('a', 64), ImageLength = 1 }).Value!.Reveal().Split("\nstep_").Select((s, i) => i == 0 ? s : "step_" + s).ToArray();

    private static RenderedFile Render(string distro, string system)
    {
        var result = TargetCatalog.Render(Recipe(distro, system), Context);
        Assert.True(result.Value is not null, string.Join('\n', result.Diagnostics));
        return result.Value;
    }
}
