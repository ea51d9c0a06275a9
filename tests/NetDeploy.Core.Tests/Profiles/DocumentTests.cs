using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Tests.Profiles;

public sealed class DocumentTests
{
    [Fact]
    public void The_shipped_profiles_make_a_snapshot_without_a_word_of_complaint()
    {
        var result = DocumentSet.Parse(ShippedFiles.Profiles);

        Assert.Empty(result.Diagnostics);
        Assert.Equal(["debian-12", "debian-13"], result.Value!.Distros.Keys);
        Assert.Contains("minimal", result.Value.Profiles.Keys);
    }

    [Theory]
    [InlineData("debian-12", "bookworm")]
    [InlineData("debian-13", "trixie")]
    public void Every_shipped_profile_resolves_with_every_shipped_distro(string distro, string release)
    {
        var snapshot = ShippedFiles.Load(ShippedFiles.Site);

        foreach (var profile in snapshot.Profiles.Values.Where(p => !p.Site))
        {
            var result = snapshot.Resolve(new MachineSpec { Name = "example", Profiles = [profile.Name] }, distro);

            Assert.Empty(result.Diagnostics);
            Assert.Equal(release, result.Value!.Image.Release);
            Assert.Empty(Core.Targets.TargetCatalog.Check(result.Value));
        }
    }

    [Fact]
    public void A_machine_document_becomes_its_record()
    {
        var snapshot = ShippedFiles.Load(ShippedFiles.Site, ShippedFiles.Network, ShippedFiles.Machine(more: """
            type: guest
            method: image
            protected: true
            address: 10.77.0.21
            binding:
              macs: [52-54-00-AA-BB-01, 525400aabb02]
              uuid: 4C4C4544-0042-3510-8052-B4C04F4D3532
              serial: XYZ1
              slot: {circuitId: 0A01, remoteId: ff}
            boot: {uefiLoader: ipxe}
            """));

        var machine = snapshot.Machines["blade1"];
        Assert.Equal(MachineKind.Guest, machine.Kind);
        Assert.True(machine.Protected);
        Assert.Equal(UefiLoader.Ipxe, machine.UefiLoader);
        Assert.Equal(["52:54:00:aa:bb:01", "52:54:00:aa:bb:02"], machine.Binding.Macs.Select(m => m.ToString()));
        Assert.Equal(Guid.Parse("4c4c4544-0042-3510-8052-b4c04f4d3532"), machine.Binding.Uuid);
        Assert.Equal(new SlotSpec("0a01", "ff"), machine.Binding.Slot);
        Assert.Equal(IPAddress.Parse("10.77.0.21"), machine.Address);
    }

    [Fact]
    public void A_network_document_compiles_to_the_addressing_record()
    {
        var network = ShippedFiles.Load(ShippedFiles.Network + "\nleaseTime: 12h\nuefiLoader: ipxe\ndns: [10.77.0.1]\ndomain: lab.test\nrelays: [10.77.0.3, 192.0.2.1]\n").Networks["lab"];

        Assert.Equal(IPNetwork.Parse("10.77.0.0/24"), network.Subnet);
        Assert.Equal(NetworkMode.Authoritative, network.Mode);
        Assert.Equal(new AddressPool(IPAddress.Parse("10.77.0.100"), IPAddress.Parse("10.77.0.199")), Assert.Single(network.Pools));
        Assert.Equal(TimeSpan.FromHours(12), network.LeaseTime);
        Assert.Equal(["10.77.0.3", "192.0.2.1"], network.Relays.Select(r => r.ToString()));
        Assert.Equal(UefiLoader.Ipxe, network.UefiLoader);
        Assert.Equal("lab.test", network.Domain);
    }

    [Fact]
    public void Several_documents_share_a_file_and_a_trailing_separator_is_nothing()
    {
        var snapshot = ShippedFiles.Load(ShippedFiles.Site + "\n---\n" + ShippedFiles.Network + "\n---\n" + ShippedFiles.Machine() + "\n---\n");

        Assert.Equal(["blade1"], snapshot.Machines.Keys);
        Assert.Equal(["lab"], snapshot.Networks.Keys);
    }

    [Fact]
    public void Nothing_at_all_is_a_snapshot_of_nothing()
    {
        Assert.Empty(Snapshot.Empty.Machines);
        Assert.Empty(DocumentSet.Parse([]).Diagnostics);
        Assert.Empty(DocumentSet.Parse([new("a.yaml", "# only a comment\n")]).Value!.Machines);
    }

    [Fact]
    public void An_enrolment_rule_and_a_platform_are_read()
    {
        var snapshot = ShippedFiles.Load(ShippedFiles.Site, ShippedFiles.Network, """
            apiVersion: netdeploy/v1
            kind: Enrolment
            name: lab
            network: lab
            unknown: local-boot
            ---
            apiVersion: netdeploy/v1
            kind: Platform
            name: p1
            system: {domain: p1.test}
            """, ShippedFiles.Machine(more: "platform: p1"));

        var enrolment = snapshot.Enrolments["lab"];
        Assert.Equal(("lab", UnknownMachines.LocalBoot, 0), (enrolment.Network, enrolment.Unknown, enrolment.Rules.Length));
        Assert.Equal("p1.test", snapshot.Recipes["blade1"].System.Domain);
    }

    [Fact]
    public void A_thousand_machines_are_read_within_seconds()
    {
        var machines = string.Join("---\n", Enumerable.Range(0, 1000).Select(i => ShippedFiles.Machine($"m{i}", $"binding: {{macs: ['52:54:00:00:{i / 256:x2}:{i % 256:x2}']}}\n")));
        var clock = System.Diagnostics.Stopwatch.StartNew();

        var snapshot = ShippedFiles.Load(ShippedFiles.Site, machines);

        Assert.Equal(1000, snapshot.Recipes.Count);
        Assert.Single(snapshot.Recipes.Values.Select(r => Core.Images.ImageKey.Of(r.Image)).Distinct());
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"it took {clock.Elapsed}");
        TestContext.Current.SendDiagnosticMessage("1000 machines: {0}", clock.Elapsed);
    }
}
