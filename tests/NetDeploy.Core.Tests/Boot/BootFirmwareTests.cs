using NetDeploy.Core.Boot;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Tests.Boot;

public sealed class BootFirmwareTests
{
    [Theory]
    [InlineData(0, FirmwareKind.Bios, false)]
    [InlineData(6, FirmwareKind.UefiIa32, false)]
    [InlineData(7, FirmwareKind.UefiX64, false)]
    [InlineData(9, FirmwareKind.UefiX64, false)]
    [InlineData(11, FirmwareKind.UefiArm64, false)]
    [InlineData(15, FirmwareKind.UefiIa32, true)]
    [InlineData(16, FirmwareKind.UefiX64, true)]
    [InlineData(19, FirmwareKind.UefiArm64, true)]
    [InlineData(28, FirmwareKind.UefiRiscV64, true)]
    [InlineData(40, FirmwareKind.UefiLoongArch64, true)]
    public void An_architecture_code_has_its_row(ushort code, FirmwareKind kind, bool isHttp)
    {
        var row = BootFirmware.Of([code]);
        Assert.Equal((kind, isHttp), (row!.Kind, row.IsHttp));
    }

    [Fact]
    public void The_first_known_code_wins()
    {
        Assert.Equal(FirmwareKind.UefiX64, BootFirmware.Of([4711, 9, 0])!.Kind);
        Assert.Null(BootFirmware.Of([4711]));
        Assert.Null(BootFirmware.Of([]));
    }

    [Fact]
    public void A_pxe_rom_without_option_93_is_a_bios()
    {
        var client = new BootClient { Mac = MacAddress.Parse("52:54:00:12:34:56"), Stage = BootStage.Pxe };
        Assert.Equal(FirmwareKind.Bios, BootFirmware.Of(client)!.Kind);
        Assert.Null(BootFirmware.Of(client with { Stage = BootStage.None }));
    }
}
