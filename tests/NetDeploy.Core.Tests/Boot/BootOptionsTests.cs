using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Tests.Addressing;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Tests.Boot;

/// <summary>The client table: who gets which options with a boot file.</summary>
public sealed class BootOptionsTests
{
    private const string Uuid = "0033221100554477668899aabbccddeeff";

    [Fact]
    public void A_bios_gets_its_file_with_the_bypass_of_boot_servers()
    {
        var reply = Reply("PXEClient:Arch:00000:UNDI:002001", 0, "undionly.kpxe");
        Assert.Equal("undionly.kpxe", reply.BootFile);
        Assert.Equal("10.77.0.1", reply.ServerAddress.ToString());
        Assert.Equal("PXEClient", reply.Options.VendorClass);
        Assert.Equal("060108ff", Hex(reply, DhcpOptionCode.VendorSpecific));
        Assert.Equal(Uuid, Hex(reply, DhcpOptionCode.ClientMachineIdentifier));
        Assert.Equal("756e64696f6e6c792e6b70786500", Hex(reply, DhcpOptionCode.BootFile));
        Assert.Equal("31302e37372e302e3100", Hex(reply, DhcpOptionCode.TftpServerName));
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(11)]
    public void Uefi_over_pxe_sees_no_option_60(ushort architecture)
    {
        var reply = Reply("PXEClient:Arch:00007:UNDI:003016", architecture, "shimx64.efi");
        Assert.Equal(("shimx64.efi", "10.77.0.1"), (reply.BootFile, reply.ServerAddress.ToString()));
        Assert.False(reply.Options.Has(DhcpOptionCode.VendorClass));
        Assert.False(reply.Options.Has(DhcpOptionCode.VendorSpecific));
        Assert.Equal("shimx64.efi", reply.Options.Text(DhcpOptionCode.BootFile));
    }

    [Fact]
    public void Uefi_over_http_sees_its_own_class_and_a_url()
    {
        var reply = Reply("HTTPClient:Arch:00016:UNDI:003016", 16, "http://10.77.0.1/boot/ipxe.efi");
        Assert.Equal("HTTPClient", reply.Options.VendorClass);
        Assert.Equal("http://10.77.0.1/boot/ipxe.efi", reply.Options.Text(DhcpOptionCode.BootFile));
        Assert.Equal("http://10.77.0.1/boot/ipxe.efi", reply.BootFile);
        Assert.Equal(30, Hex(reply, DhcpOptionCode.BootFile)!.Length / 2);
    }

    [Fact]
    public void A_url_longer_than_the_header_is_whole_in_option_67()
    {
        var url = "http://10.77.0.1/" + new string('x', 200);
        var buffer = new byte[DhcpEncoder.MaximumLength];
        var written = DhcpEncoder.Write(Reply("HTTPClient:Arch:00016", 16, url), 1472, buffer);
        Assert.Empty(written.LeftOut);
        Assert.True(DhcpDecoder.TryRead(buffer.AsSpan(0, written.Length), out var read, out _));
        Assert.Equal("", read.BootFile);
        Assert.Equal(url, read.Options.Text(DhcpOptionCode.BootFile));
    }

    [Fact]
    public void Ipxe_gets_its_script_and_waits_for_no_proxy()
    {
        var reply = Reply("PXEClient:Arch:00007:UNDI:003016", 7, "http://10.77.0.1/boot.ipxe", o => o.Add(DhcpOptionCode.UserClass, "iPXE"));
        Assert.Equal("b00101ff", Hex(reply, DhcpOptionCode.Ipxe));
        Assert.Equal("http://10.77.0.1/boot.ipxe", reply.BootFile);
        Assert.False(reply.Options.Has(DhcpOptionCode.VendorClass));
        Assert.Equal("10.77.0.1", reply.ServerAddress.ToString());
    }

    [Fact]
    public void Every_stage_fits_the_smallest_buffer_with_a_relays_option()
    {
        foreach (var (vendor, architecture) in (ReadOnlySpan<(string, ushort)>)[("PXEClient:Arch:00000", 0), ("PXEClient:Arch:00007", 7), ("HTTPClient:Arch:00016", 16)])
        {
            var reply = Reply(vendor, architecture, "http://10.77.0.1/a/rather/long/boot/path/of/a/file.efi", o => o.Add(DhcpOptionCode.RelayAgentInformation, new byte[60]));
            Assert.Empty(DhcpEncoder.Write(reply, 576, new byte[DhcpEncoder.MaximumLength]).LeftOut);
        }
    }

    private static string? Hex(DhcpPacket packet, DhcpOptionCode code) =>
        packet.Options.TryGet(code, out var value) ? Convert.ToHexStringLower(value.Span) : null;

    private static DhcpPacket Reply(string vendorClass, ushort architecture, string file, Action<DhcpOptionsBuilder>? more = null)
    {
        var request = Client.Packet(DhcpMessageType.Discover, vendorClass: vendorClass, more: o =>
        {
            o.Add(DhcpOptionCode.ClientArchitecture, new byte[] { 0, (byte)architecture });
            o.Add(DhcpOptionCode.ClientMachineIdentifier, Convert.FromHexString(Uuid));
            more?.Invoke(o);
        });
        var world = new World();
        var decision = world.Handle(request);
        Assert.True(BootClientReader.TryRead(request, out var client, out _));
        return DhcpReplies.Build(request, client, decision, World.Own, new BootOffer(file, "test"));
    }
}
