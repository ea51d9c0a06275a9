using CsCheck;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Protocols.Tests.Dhcp;

public sealed class DhcpDecoderTests
{
    public static TheoryData<string> Names => [.. Captures.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_capture_parses_as_its_golden_text_says(string name)
    {
        Assert.True(DhcpDecoder.TryRead(Captures.Read(name), out var packet, out var reason), reason);
        var golden = Captures.Path(name + ".txt");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(golden, Captures.Describe(packet));
        }

        Assert.Equal(File.ReadAllText(golden), Captures.Describe(packet));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_truncated_prefix_is_refused_with_a_reason_or_read_without_its_lost_options(string name)
    {
        var bytes = Captures.Read(name);
        DhcpDecoder.TryRead(bytes, out var whole, out _);
        for (var length = 0; length < bytes.Length; length++)
        {
            if (DhcpDecoder.TryRead(bytes.AsSpan(0, length), out var packet, out var reason))
            {
                Assert.True(length >= DhcpConstants.OptionsOffset);
                Assert.Equal(whole!.Options.All.Take(packet.Options.All.Length).Select(o => o.Code), packet.Options.All.Select(o => o.Code));
            }
            else
            {
                Assert.NotEmpty(reason);
            }
        }
    }

    [Fact]
    public void Random_bytes_never_throw() =>
        Gen.Byte.Array[0, 700].Sample(bytes =>
        {
            Assert.True(DhcpDecoder.TryRead(bytes, out var packet, out var reason) ? packet is not null : reason!.Length > 0);
        }, iter: 3000);

    [Fact]
    public void Random_options_after_a_sound_header_never_throw_nor_do_their_accessors()
    {
        var header = Captures.Read("bios-pxe").AsSpan(0, DhcpConstants.OptionsOffset).ToArray();
        Gen.Select(Gen.Byte.Array[0, 400], Gen.Byte.Array[192]).Sample((options, names) =>
        {
            byte[] bytes = [.. header, .. options];
            names.CopyTo(bytes.AsSpan(DhcpConstants.ServerNameOffset));
            if (DhcpDecoder.TryRead(bytes, out var packet, out _))
            {
                Captures.Describe(packet);
                _ = packet.Options.ClasslessRoutes;
            }
        }, iter: 5000);
    }

    [Fact]
    public void A_flipped_byte_in_a_capture_never_throws() =>
        Gen.Select(Gen.Int[0, 4].Select(i => Captures.Names[i]), Gen.Int[0, 699], Gen.Byte).Sample((name, at, value) =>
        {
            var bytes = Captures.Read(name);
            bytes[at % bytes.Length] = value;
            if (DhcpDecoder.TryRead(bytes, out var packet, out _))
            {
                Captures.Describe(packet);
            }
        }, iter: 2000);

    [Theory]
    [InlineData(0, 3, "op is neither request nor reply")]
    [InlineData(2, 17, "hlen is more than 16")]
    [InlineData(236, 0, "no magic cookie")]
    [InlineData(241, 255, "an option runs past its field")]
    public void A_broken_header_is_refused_with_its_reason(int at, byte value, string expected)
    {
        var bytes = Captures.Read("bios-pxe");
        bytes[at] = value;
        Assert.False(DhcpDecoder.TryRead(bytes, out _, out var reason));
        Assert.Equal(expected, reason);
    }

    [Fact]
    public void Overload_reads_the_options_of_file_and_then_sname()
    {
        var bytes = With([52, 1, 3, 43, 1, 0xaa, 255]);
        new byte[] { 43, 1, 0xbb, 255 }.CopyTo(bytes.AsSpan(DhcpConstants.BootFileOffset));
        new byte[] { 0, 43, 1, 0xcc }.CopyTo(bytes.AsSpan(DhcpConstants.ServerNameOffset));
        Assert.True(DhcpDecoder.TryRead(bytes, out var packet, out _));
        Assert.True(packet.Options.TryGet(DhcpOptionCode.VendorSpecific, out var value));
        Assert.Equal([0xaa, 0xbb, 0xcc], value.ToArray());
        Assert.Equal("", packet.BootFile);
        Assert.Equal("", packet.ServerName);
    }

    [Fact]
    public void An_option_of_the_overloaded_file_field_cannot_run_into_the_cookie()
    {
        var bytes = With([52, 1, 1, 255]);
        bytes.AsSpan(DhcpConstants.BootFileOffset, DhcpConstants.BootFileLength).Clear();
        new byte[] { 12, 3 }.CopyTo(bytes.AsSpan(DhcpConstants.CookieOffset - 2));
        Assert.False(DhcpDecoder.TryRead(bytes, out _, out var reason));
        Assert.Equal("an option runs past its field", reason);
    }

    [Fact]
    public void Parts_of_one_option_are_joined_and_padding_between_them_skipped()
    {
        Assert.True(DhcpDecoder.TryRead(With([0, 77, 2, (byte)'i', (byte)'P', 0, 0, 53, 1, 1, 77, 2, (byte)'X', (byte)'E', 255, 12, 200]), out var packet, out _));
        Assert.Equal(["iPXE"], packet.Options.UserClasses);
        Assert.Equal(DhcpMessageType.Discover, packet.MessageType);
        Assert.Null(packet.Options.HostName);
    }

    private static byte[] With(byte[] options) => [.. Captures.Read("bios-pxe").AsSpan(0, DhcpConstants.OptionsOffset), .. options];
}
