using System.Collections.Immutable;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Tests.Machines;

public class MachineIndexTests
{
    private static readonly MacAddress Mac1 = MacAddress.Parse("52:54:00:00:00:01");
    private static readonly MacAddress Mac2 = MacAddress.Parse("52:54:00:00:00:02");
    private static readonly MacAddress Stranger = MacAddress.Parse("52:54:00:00:00:99");
    private static readonly Guid Uuid1 = Guid.Parse("4f6e3c52-9a1b-4d2e-8f00-112233445566");
    private static readonly Guid Uuid2 = Guid.Parse("7a8b9c0d-1e2f-4a3b-9c4d-5e6f7a8b9c0d");

    private static Machine Blade(string name, MacAddress mac, Guid? uuid = null, string? slot = null) =>
        new() { Id = "id-" + name, Name = name, Binding = new Binding { Macs = [mac], Uuid = uuid, Slot = slot } };

    private static MachineMatch Match(HardwareClues clues, params Machine[] machines) => new MachineIndex(machines).Match(clues);

    private static MachineMatch.Found Found(MachineMatch match) => Assert.IsType<MachineMatch.Found>(match);

    [Fact]
    public void The_slot_comes_first_and_is_wired()
    {
        var found = Found(Match(new HardwareClues(Stranger, null, "aa/01"), Blade("a", Mac1, slot: "aa/01"), Blade("b", Mac2)));
        Assert.Equal("a", found.Machine.Name);
        Assert.Equal(IdentityStrength.Wired, found.Strength);
    }

    [Fact]
    public void A_slot_and_a_mac_of_two_machines_are_a_conflict()
    {
        var conflict = Assert.IsType<MachineMatch.Conflict>(
            Match(new HardwareClues(Mac2, null, "aa/01"), Blade("a", Mac1, slot: "aa/01"), Blade("b", Mac2)));
        Assert.Equal(["a", "b"], conflict.Names);
    }

    [Fact]
    public void A_mac_alone_is_claimed()
    {
        var found = Found(Match(new HardwareClues(Mac1), Blade("a", Mac1, Uuid1)));
        Assert.Equal(("mac", IdentityStrength.Claimed), (found.By, found.Strength));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_uuid_confirms_a_mac_in_either_byte_order(bool swapped)
    {
        var said = swapped ? SmbiosUuid.Swap(Uuid1) : Uuid1;
        Assert.Equal("uuid and mac", Found(Match(new HardwareClues(Mac1, said), Blade("a", Mac1, Uuid1))).By);
    }

    [Fact]
    public void Option_97_in_wire_order_means_what_iPXE_prints()
    {
        // SMBIOS 2.6 bytes of 4f6e3c52-...: the first three fields are little-endian.
        byte[] wire = [0x52, 0x3c, 0x6e, 0x4f, 0x1b, 0x9a, 0x2e, 0x4d, 0x8f, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66];
        Assert.Equal(SmbiosUuid.Canonical(Uuid1), SmbiosUuid.Canonical(new Guid(wire)));
        Assert.Equal(SmbiosUuid.Canonical(Uuid1), SmbiosUuid.Canonical(new Guid(wire, bigEndian: true)));
    }

    [Fact]
    public void A_uuid_of_one_machine_with_the_mac_of_another_is_a_conflict() =>
        Assert.IsType<MachineMatch.Conflict>(Match(new HardwareClues(Mac1, Uuid2), Blade("a", Mac1, Uuid1), Blade("b", Mac2, Uuid2)));

    [Fact]
    public void A_mac_in_hardware_of_another_uuid_is_a_conflict_and_a_slot_is_not()
    {
        var conflict = Assert.IsType<MachineMatch.Conflict>(Match(new HardwareClues(Mac1, Uuid2), Blade("a", Mac1, Uuid1)));
        Assert.Contains("netdeploy replace a", conflict.Reason, StringComparison.Ordinal);
        Assert.Equal("a", Found(Match(new HardwareClues(Mac1, Uuid2), Blade("a", Mac1))).Machine.Name);
        Assert.Equal("a", Found(Match(new HardwareClues(Mac1, Guid.Empty), Blade("a", Mac1, Uuid1))).Machine.Name);
        Assert.Equal("a", Found(Match(new HardwareClues(Stranger, Uuid2, "aa/01"), Blade("a", Mac1, Uuid1, "aa/01"))).Machine.Name);
    }

    [Fact]
    public void A_uuid_alone_identifies_nothing() =>
        Assert.Contains("belongs to a", Assert.IsType<MachineMatch.Unknown>(Match(new HardwareClues(Stranger, Uuid1), Blade("a", Mac1, Uuid1))).Reason, StringComparison.Ordinal);

    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("ffffffff-ffff-ffff-ffff-ffffffffffff")]
    [InlineData("03000200-0400-0500-0006-000700080009")]
    [InlineData("00020003-0004-0005-0006-000700080009")]
    [InlineData("12345678-1234-1234-1234-123456789012")]
    public void A_junk_uuid_is_ignored_so_two_boards_that_share_it_do_not_conflict(string text)
    {
        var junk = Guid.Parse(text);
        Assert.True(SmbiosUuid.IsJunk(junk));
        Assert.True(SmbiosUuid.IsJunk(SmbiosUuid.Swap(junk)));
        Assert.Equal("a", Found(Match(new HardwareClues(Mac1, junk), Blade("a", Mac1, junk), Blade("b", Mac2, junk))).Machine.Name);
    }

    [Fact]
    public void A_mac_of_two_machines_is_a_conflict_and_reported()
    {
        var index = new MachineIndex([Blade("a", Mac1), Blade("b", Mac1)]);
        Assert.IsType<MachineMatch.Conflict>(index.Match(new HardwareClues(Mac1)));
        Assert.Equal(["a", "b"], Assert.Single(index.Conflicts()).Names);
    }

    [Fact]
    public void Replace_keeps_the_identity_and_forgets_the_old_hardware()
    {
        var old = Blade("a", Mac1, Uuid1) with { InstalledDeploymentId = "d", Observed = new MachineReport(), DeploymentId = "d" };
        var moved = old.Replace(new Binding { Macs = [Mac2] });
        Assert.Equal((old.Id, old.Name, "d"), (moved.Id, moved.Name, moved.DeploymentId));
        Assert.Null(moved.InstalledDeploymentId);
        Assert.Null(moved.Observed);
        Assert.Equal(old.Binding, Assert.Single(moved.FormerBindings));
        Assert.IsType<MachineMatch.Unknown>(new MachineIndex([moved]).Match(new HardwareClues(Mac1)));
        Assert.Equal("a", Found(new MachineIndex([moved]).Match(new HardwareClues(Mac2))).Machine.Name);
        var often = Enumerable.Range(0, 20).Aggregate(old, (m, _) => m.Replace(new Binding { Macs = [Mac2] }));
        Assert.Equal(8, often.FormerBindings.Length);
    }
}
