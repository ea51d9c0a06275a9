using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Lab.Tests.DeployEnvironment;
using NetDeploy.Lab.Tests.Deployments;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Lab.Tests.Roms;

/// <summary>The way of most BIOS machines: the ROM's PXE, undionly.kpxe on the ROM's own network driver (UNDI), iPXE's script.</summary>
[Collection(EmulatedMachines.Name)]
public sealed class PlainRomTests(ITestOutputHelper output)
{
    private static readonly TimeSpan FirstImage = TimeSpan.FromMinutes(20);

    [Fact]
    public Task Undionly_runs_on_the_ROM_of_a_server_card() => BootAsync(BladeNic.E1000e);

    [Fact]
    [Trait("Category", "Full")]
    public Task Undionly_runs_on_the_ROM_of_a_virtio_card() => BootAsync(BladeNic.Virtio);

    private async Task BootAsync(BladeNic nic)
    {
        await using var lab = LabRun.Create(output);
        // No disk fits: the deploy environment comes as far as saying so, and the blade's way there is what is looked at.
        var blade = BladeHardware.Make(1, BladeFirmware.Bios, BladeDisk.Virtio, nic);
        await lab.ServeAsync(blade, "system: { storage: { layout: simple, select: { minSize: 900T } } }");
        var rom = new PlainRom();
        var console = await lab.DeployBehindAsync(rom, blade, "quarantined", FirstImage);

        AssertUndionly(rom, console);
        var machine = await lab.ShowAsync(blade.Name);
        Assert.Contains("disk", machine.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains("Pxe firmware gets its loader: undionly.kpxe", await lab.TimelineAsync(blade.Name), StringComparison.Ordinal);
    }

    /// <summary>The ROM was offered and fetched undionly.kpxe and nothing else, and that ran and was offered the script.</summary>
    internal static void AssertUndionly(PlainRom rom, string console)
    {
        Assert.Equal(["undionly.kpxe"], rom.Files);
        var asked = rom.Asked.Where(a => a.ByRom).Select(a => a.Packet.Options).ToArray();
        Assert.NotEmpty(asked);
        Assert.All(asked, options =>
        {
            Assert.Equal([0], options.ClientArchitectures);
            Assert.StartsWith("PXEClient:Arch:00000", options.VendorClass, StringComparison.Ordinal);
            Assert.False(options.Has(DhcpOptionCode.UserClass) || options.Has(DhcpOptionCode.Ipxe));
        });
        var answered = rom.Answered.Where(a => a.ToRom).Select(a => a.Packet).ToArray();
        Assert.Equal([DhcpMessageType.Offer, DhcpMessageType.Ack], answered.Select(a => a.MessageType).Distinct());
        Assert.All(answered, answer =>
        {
            Assert.Equal("undionly.kpxe", answer.BootFile);
            Assert.Equal(LabNetwork.ServerAddress, answer.ServerAddress.ToString());
            Assert.Equal("PXEClient", answer.Options.VendorClass);
        });

        // undionly.kpxe says where it found the ROM's entry point, and asks as what it is.
        Assert.Contains("PXE->EB: !PXE at ", console, StringComparison.Ordinal);
        var second = rom.Asked.First(a => !a.ByRom).Packet;
        Assert.Equal(["iPXE"], second.Options.UserClasses);
        var script = rom.Answered.First(a => !a.ToRom && a.Packet.MessageType == DhcpMessageType.Offer).Packet;
        Assert.StartsWith($"http://{LabNetwork.ServerAddress}:", script.BootFile, StringComparison.Ordinal);
    }
}
