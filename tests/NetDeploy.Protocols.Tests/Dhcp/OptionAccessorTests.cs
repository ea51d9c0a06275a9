using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Protocols.Tests.Dhcp;

public sealed class OptionAccessorTests
{
    [Theory]
    [InlineData("69505845", "iPXE")]
    [InlineData("0469505845", "iPXE")]
    [InlineData("046950584503666f6f", "iPXE,foo")]
    [InlineData("05695058", "?iPX")]
    [InlineData("00", "")]
    public void A_user_class_is_read_bare_and_as_a_list(string hex, string expected) =>
        Assert.Equal(expected, string.Join(",", Options((DhcpOptionCode.UserClass, hex)).UserClasses));

    [Theory]
    [InlineData("0000", "0")]
    [InlineData("00070009", "7,9")]
    [InlineData("000700", "")]
    [InlineData("", "")]
    public void Option_93_is_a_list(string hex, string expected) =>
        Assert.Equal(expected, string.Join(",", Options((DhcpOptionCode.ClientArchitecture, hex)).ClientArchitectures));

    [Theory]
    [InlineData("0033221100554477668899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff", false)]
    [InlineData("0133221100554477668899aabbccddeeff", null, true)]
    [InlineData("0033221100554477668899aabbccddee", null, true)]
    [InlineData("", null, true)]
    public void Option_97_is_a_uuid_as_dmidecode_shows_it(string hex, string? expected, bool malformed)
    {
        var options = Options((DhcpOptionCode.ClientMachineIdentifier, hex));
        Assert.Equal(expected, options.ClientMachineIdentifier?.ToString());
        Assert.Equal(malformed, options.HasMalformedMachineIdentifier);
    }

    [Fact]
    public void A_missing_option_97_is_not_malformed() => Assert.False(DhcpOptions.Empty.HasMalformedMachineIdentifier);

    [Fact]
    public void Relay_sub_options_are_read_up_to_a_broken_one()
    {
        var options = Options((DhcpOptionCode.RelayAgentInformation, "0102abcd05040a4d00000209aa"));
        Assert.Equal("abcd", options.CircuitId);
        Assert.Equal("10.77.0.0", options.LinkSelection.ToString());
        Assert.Null(options.RemoteId);
    }

    /// <summary>The table of RFC 3442.</summary>
    [Theory]
    [InlineData("000a110001", "0.0.0.0/0 via 10.17.0.1")]
    [InlineData("080a0a110001", "10.0.0.0/8 via 10.17.0.1")]
    [InlineData("180a1b810a110001", "10.27.129.0/24 via 10.17.0.1")]
    [InlineData("190a1b81800a110001", "10.27.129.128/25 via 10.17.0.1")]
    [InlineData("200a1b8180" + "0a110001", "10.27.129.128/32 via 10.17.0.1")]
    public void A_classless_route_has_only_its_significant_bytes(string hex, string expected)
    {
        var route = Assert.Single(Options((DhcpOptionCode.ClasslessRoutes, hex)).ClasslessRoutes!.Value);
        Assert.Equal(expected, $"{route.Destination}/{route.PrefixLength} via {route.Router}");
        Assert.Equal(hex, Convert.ToHexStringLower(ClasslessRouteOption.Write([route])));
    }

    [Theory]
    [InlineData("210a1b81800a110001")]
    [InlineData("180a1b81")]
    public void A_broken_route_list_is_no_list(string hex) => Assert.Null(Options((DhcpOptionCode.ClasslessRoutes, hex)).ClasslessRoutes);

    [Fact]
    public void Option_43_sends_firmware_straight_to_the_boot_file() => Assert.Equal("060108ff", Convert.ToHexStringLower(PxeOptions.BootFileOnly()));

    [Fact]
    public void Option_175_tells_ipxe_to_wait_for_no_proxy() => Assert.Equal("b00101ff", Convert.ToHexStringLower(IpxeOptions.WaitForNoProxy()));

    [Fact]
    public void Text_ends_at_its_nul_and_shows_no_control_characters()
    {
        Assert.Equal("ab?c", Options((DhcpOptionCode.HostName, "61620a6300ff")).HostName);
        Assert.Equal(576, Options((DhcpOptionCode.MaxMessageSize, "0100")).MaxMessageSize);
        Assert.Equal(1472, Options((DhcpOptionCode.MaxMessageSize, "05c0")).MaxMessageSize);
        Assert.Null(Options((DhcpOptionCode.RequestedAddress, "0a4d00")).RequestedAddress);
    }

    private static DhcpOptions Options(params (DhcpOptionCode Code, string Hex)[] options) =>
        DhcpOptions.From(options.Select(o => new DhcpOption(o.Code, Convert.FromHexString(o.Hex))));
}
