using NetDeploy.Core.Boot;
using NetDeploy.Core.Tests.Addressing;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Tests.Boot;

public sealed class BootClientReaderTests
{
    [Theory]
    [InlineData(null, null, false, BootStage.None)]
    [InlineData("udhcp 1.35.0", null, false, BootStage.None)]
    [InlineData("PXEClient:Arch:00000:UNDI:002001", null, false, BootStage.Pxe)]
    [InlineData("PXEClient:Arch:00000:UNDI:002001", "iPXE", false, BootStage.Ipxe)]
    [InlineData("PXEClient:Arch:00000:UNDI:002001", "\u0004iPXE", false, BootStage.Ipxe)]
    [InlineData("PXEClient:Arch:00000:UNDI:002001", "iPXE lookalike", false, BootStage.Pxe)]
    [InlineData("PXEClient:Arch:00000:UNDI:002001", "custom", true, BootStage.Ipxe)]
    [InlineData("PXEClient:Arch:00007:UNDI:003016", null, true, BootStage.Ipxe)]
    [InlineData("HTTPClient:Arch:00016:UNDI:003001", null, false, BootStage.Http)]
    [InlineData("HTTPClient:Arch:00016:UNDI:003001", "iPXE", true, BootStage.Http)]
    [InlineData("PXEClient:Arch:00007:UNDI:003016", "NetDeploy", true, BootStage.Ipxe)]
    [InlineData("PXEClient:Arch:00007:UNDI:003016", "NetDeploy", false, BootStage.None)]
    public void The_stage_is_told_in_the_order_that_breaks_the_loop(string? vendorClass, string? userClass, bool option175, BootStage expected)
    {
        var packet = Client.Packet(DhcpMessageType.Discover, vendorClass: vendorClass, more: o =>
        {
            if (userClass is not null)
            {
                o.Add(DhcpOptionCode.UserClass, userClass);
            }

            if (option175)
            {
                o.Add(DhcpOptionCode.Ipxe, new byte[] { 0x13, 1, 1 });
            }
        });
        Assert.True(BootClientReader.TryRead(packet, out var client, out _));
        Assert.Equal(expected, client.Stage);
    }

    [Theory]
    [InlineData("PXEClient:Arch:00000", "00112233", false)]
    [InlineData("PXEClient:Arch:00000", null, true)]
    [InlineData("HTTPClient:Arch:00016", "00112233", true)]
    [InlineData(null, "00112233", true)]
    public void Option_97_of_a_wrong_length_is_refused_for_pxe_only(string? vendorClass, string? hex, bool read)
    {
        var packet = Client.Packet(DhcpMessageType.Discover, vendorClass: vendorClass, more: o =>
        {
            if (hex is not null)
            {
                o.Add(DhcpOptionCode.ClientMachineIdentifier, Convert.FromHexString(hex));
            }
        });
        Assert.Equal(read, BootClientReader.TryRead(packet, out var client, out var reason));
        Assert.Equal(read, reason is null);
        Assert.Null(client?.Uuid);
    }

    [Theory]
    [InlineData("000000000000")]
    [InlineData("ffffffffffff")]
    [InlineData("0102")]
    public void A_sender_without_an_ethernet_address_is_refused(string hex) =>
        Assert.False(BootClientReader.TryRead(
            Client.Packet(DhcpMessageType.Discover) with { HardwareAddress = Convert.FromHexString(hex) }, out _, out _));
}
