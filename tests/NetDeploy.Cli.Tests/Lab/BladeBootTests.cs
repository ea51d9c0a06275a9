using System.Diagnostics;
using System.Text;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Tests.Lab;

/// <summary>Real firmware on the real wire of a lab, a few seconds each.</summary>
[Collection("blades")]
public sealed class BladeBootTests
{
    private static readonly TimeSpan PowerOnToDhcp = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("bios", "virtio", 0, "PXEClient", "iPXE")]
    [InlineData("bios", "e1000e", 0, "PXEClient", "iPXE")]
    [InlineData("uefi", "virtio", 7, "PXEClient", "")]
    [InlineData("uefi", "e1000e", 7, "PXEClient", "iPXE")]
    [InlineData("uefi-http", "virtio", 16, "HTTPClient", "")]
    [InlineData("secureboot", "virtio", 7, "PXEClient", "")]
    public async Task Each_firmware_asks_DHCP_as_what_it_is(string firmware, string nic, int architecture, string vendorClass, string userClass)
    {
        LabHost.NeedsQemu();
        Assert.SkipUnless(File.Exists("/usr/share/OVMF/OVMF_CODE_4M.fd"), "needs ovmf");
        await using var host = new LabHost();
        var blade = BladeHardware.Make(1, FirmwareWords.Parse(firmware)!.Value, BladeDisk.Virtio, nic == "virtio" ? BladeNic.Virtio : BladeNic.E1000e);
        await host.StartAsync(new LabPlan(host.Network, [], [blade]));
        using var witness = DhcpWitness.Open(host.Wire, answers: false);

        await new LabControl(host.Folder.ControlSocket).PowerOnAsync(blade.Name, TestContext.Current.CancellationToken);
        var asked = await witness.NextAsync(PowerOnToDhcp);

        Assert.Equal(blade.Identity.Mac, asked.Mac);
        Assert.Equal(architecture, asked.Architecture);
        Assert.StartsWith(vendorClass, asked.VendorClass, StringComparison.Ordinal);
        Assert.Equal(userClass, asked.UserClass);
    }

    [Theory]
    [InlineData("virtio", "virtio")]
    [InlineData("nvme", "e1000e")]
    [InlineData("ahci", "virtio")]
    [InlineData("megasas", "virtio")]
    public async Task A_BIOS_blade_asks_the_network_first_and_then_boots_its_own_disk(string disk, string nic)
    {
        LabHost.NeedsQemu();
        await using var host = new LabHost();
        var blade = BladeHardware.Make(1, BladeFirmware.Bios, Enum.Parse<BladeDisk>(disk, ignoreCase: true), Enum.Parse<BladeNic>(nic, ignoreCase: true));
        await host.StartAsync(new LabPlan(host.Network, [], [blade]));
        await using (var file = File.OpenWrite(new BladeFiles(host.Folder.Blade(blade.Name), "").Disk))
        {
            await file.WriteAsync(BootSector("OWN-DISK"), TestContext.Current.CancellationToken);
        }

        using var witness = DhcpWitness.Open(host.Wire, answers: true);
        await new LabControl(host.Folder.ControlSocket).PowerOnAsync(blade.Name, TestContext.Current.CancellationToken);

        Assert.Equal(blade.Identity.Mac, (await witness.NextAsync(PowerOnToDhcp)).Mac);
        var clock = Stopwatch.StartNew();
        while (!File.ReadAllText(host.Folder.Console(blade.Name)).Contains("OWN-DISK", StringComparison.Ordinal))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), File.ReadAllText(host.Folder.Console(blade.Name)));
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        // iPXE prints a dot for each second it configures: 16 where no router advertisement ends its IPv6 part.
        Assert.DoesNotMatch(@"Configuring \(net0 [0-9a-f:]+\)\.{10}", File.ReadAllText(host.Folder.Console(blade.Name)));
    }

    /// <summary>A boot sector that writes <paramref name="text"/> to the first serial port and halts.</summary>
    private static byte[] BootSector(string text)
    {
        var sector = new byte[512];
        byte[] code =
        [
            0xfa, 0x31, 0xc0, 0x8e, 0xd8, // cli; xor ax, ax; mov ds, ax
            0xbe, 0x20, 0x7c,             // mov si, 0x7c20
            0xba, 0xf8, 0x03,             // mov dx, 0x3f8
            0xac, 0x84, 0xc0, 0x74, 0x03, // next: lodsb; test al, al; jz end
            0xee, 0xeb, 0xf8,             // out dx, al; jmp next
            0xf4, 0xeb, 0xfd,             // end: hlt; jmp end
        ];
        code.CopyTo(sector, 0);
        Encoding.ASCII.GetBytes(text + "\r\n").CopyTo(sector, 0x20);
        sector[510] = 0x55;
        sector[511] = 0xaa;
        return sector;
    }
}
