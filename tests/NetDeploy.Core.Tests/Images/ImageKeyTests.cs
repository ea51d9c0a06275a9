using NetDeploy.Core.Images;
using NetDeploy.Core.Tests.Profiles;

namespace NetDeploy.Core.Tests.Images;

public sealed class ImageKeyTests
{
    private static readonly ImageSpec Spec = new()
    {
        Family = "debian",
        Release = "bookworm",
        Architecture = "amd64",
        Repositories = [new("http://m.test/debian", "bookworm", ["main"]), new("http://m.test/debian", "bookworm-updates", ["main", "contrib"])],
        Packages = ["a", "b"],
        Scripts = ["#!/bin/sh\n:\n"],
    };

    public static TheoryData<ImageSpec> Others =>
    [
        Spec with { Family = "other" },
        Spec with { Release = "trixie" },
        Spec with { Architecture = "arm64" },
        Spec with { Repositories = [.. Spec.Repositories.Reverse()] },
        Spec with { Repositories = [Spec.Repositories[0]] },
        Spec with { Repositories = [Spec.Repositories[0], Spec.Repositories[1] with { Components = ["main"] }] },
        Spec with { Packages = ["a"] },
        Spec with { Packages = ["a", "b", "c"] },
        Spec with { Packages = ["ab"] },
        Spec with { Packages = ["a\nb"] },
        Spec with { Packages = ["a", "b", "#!/bin/sh\n:\n"], Scripts = [] },
        Spec with { Scripts = [] },
        Spec with { Scripts = ["#!/bin/sh\n:\n", "#!/bin/sh\n:\n"] },
    ];

    [Fact]
    public void Equal_parts_have_equal_keys() =>
        Assert.Equal(ImageKey.Of(Spec), ImageKey.Of(Spec with { Packages = ["a", "b"] }));

    [Theory]
    [MemberData(nameof(Others))]
    public void Any_difference_makes_another_key(ImageSpec other) => Assert.NotEqual(ImageKey.Of(Spec), ImageKey.Of(other));

    [Fact]
    public void The_key_is_a_hash_and_stays_what_it_is() =>
        Assert.Matches("^[0-9a-f]{64}$", ImageKey.Of(Spec).ToString());

    /// <summary>Two machines that differ in everything that is not software.</summary>
    [Fact]
    public void Machines_of_any_identity_role_and_disks_share_one_image()
    {
        var one = ShippedFiles.MachineWith(
            """
              users:
                - {name: alpha, uid: 2001, comment: Alpha One, shell: /bin/sh, passwordHash: $6$saltsalta$aaaaaaaaaaaaaaaaaaaaaaaaaaaa, sshKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq9wR9VfhqXVkFLUnjvNxSVdVWTXFyjCbBdQ0KdALFA alpha]}
              root: {passwordHash: $6$saltsalta$aaaaaaaaaaaaaaaaaaaaaaaaaaaa}
              nics: [{mac: 52:54:00:a1:fa:01, addresses: [10.77.0.31/24], gateway: 10.77.0.1, dns: [10.77.0.53]}]
              storage: {swap: 1GiB, select: {serial: ALFASERIAL}}
              domain: alpha.test
              timezone: Europe/Berlin
              ntp: [ntp.alpha.test]
              kernelArguments: [alpha=1]
              services: [{name: ssh, state: enabled}]
              ssh: {hostKeys: [rsa]}
              scripts: [{name: alpha, when: install, content: "#!/bin/sh\necho alpha"}]
            type: metal
            address: 10.77.0.31
            binding: {macs: ['52:54:00:a1:fa:01'], uuid: a1faa1fa-0042-3510-8052-b4c04f4d3532, serial: ALFASERIAL}
            """, "alpha1");
        var two = ShippedFiles.MachineWith(
            """
              users: [{name: beta, passwordHash: {secret: beta-hash}}]
              storage: {layout: custom, disks: [{name: d, partitions: [{name: b, size: 1MiB, type: bios-boot}, {name: e, size: 300MiB, type: esp}, {name: p, size: rest, volumeGroup: vg}]}], volumeGroups: [{name: vg, volumes: [{name: root, size: 8GiB, filesystem: xfs, mount: /}]}]}
            type: guest
            """, "beta1");
        var snapshot = ShippedFiles.Load(ShippedFiles.Site, ShippedFiles.Network, one, two);
        var (alpha, beta) = (snapshot.Recipes["alpha1"], snapshot.Recipes["beta1"]);

        Assert.Equal(ImageKey.Of(alpha.Image), ImageKey.Of(beta.Image));
        Assert.NotEqual(alpha.Hash, beta.Hash);
        var everything = string.Join('\n', alpha.Image.Packages.Concat(alpha.Image.Scripts).Concat(alpha.Image.Repositories.Select(r => $"{r.Uri} {r.Suite} {string.Join(' ', r.Components)}")));
        foreach (var identity in new[] { "alpha", "ALFA", "a1:fa", "a1fa", "10.77.0.31", "10.77.0.53", "2001", "saltsalt", "AAAAC3", "Berlin", "ops", "52:54" })
        {
            Assert.DoesNotContain(identity, everything, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Software_makes_another_image()
    {
        var snapshot = ShippedFiles.Load(
            ShippedFiles.Site,
            ShippedFiles.Machine("a1"),
            ShippedFiles.MachineWith("  packages: [nginx-light]", "a2"),
            ShippedFiles.MachineWith("  locale: de_DE.UTF-8", "a3"),
            ShippedFiles.MachineWith("  scripts: [{name: x, when: build, content: '#!/bin/true'}]", "a4"));

        Assert.Equal(4, snapshot.Recipes.Values.Select(r => ImageKey.Of(r.Image)).Distinct().Count());
        Assert.Contains("locales", snapshot.Recipes["a3"].Image.Packages);
        Assert.Contains(snapshot.Recipes["a3"].Image.Scripts, s => s.Contains("locale-gen", StringComparison.Ordinal));
    }

    [Fact]
    public void Packages_of_an_image_are_sorted_and_single()
    {
        var packages = ShippedFiles.Load(ShippedFiles.MachineWith("  packages: [zsh, {name: alias, families: {debian: zsh}}]")).Recipes["blade1"].Image.Packages;

        Assert.Equal(packages.Distinct().Order(StringComparer.Ordinal), packages);
        Assert.Contains("zsh", packages);
    }
}
