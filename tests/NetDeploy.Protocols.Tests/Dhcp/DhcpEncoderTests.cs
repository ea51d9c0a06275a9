using CsCheck;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Protocols.Tests.Dhcp;

public sealed class DhcpEncoderTests
{
    private static readonly DhcpPacket s_reply = new()
    {
        Op = DhcpOp.Reply,
        HardwareAddress = Convert.FromHexString("525400123456"),
        TransactionId = 0x01020304,
        Flags = DhcpConstants.BroadcastFlag,
        YourAddress = Ipv4Address.Parse("10.77.0.100"),
        ServerAddress = Ipv4Address.Parse("10.77.0.1"),
    };

    [Fact]
    public void A_reply_is_padded_to_300_bytes()
    {
        var (bytes, leftOut) = Write(s_reply with { Options = new DhcpOptionsBuilder().Add(DhcpMessageType.Offer).Build() });
        Assert.Equal(300, bytes.Length);
        Assert.Empty(leftOut);
        Assert.Equal("350102ff00", Convert.ToHexStringLower(bytes.AsSpan(240, 5)));
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var options = Gen.Select(Gen.Byte[1, 254].Where(b => b is not (52 or 82)), Gen.Byte.Array[0, 300])
            .Select((code, value) => new DhcpOption((DhcpOptionCode)code, value))
            .List[0, 6];
        Gen.Select(options, Gen.Byte.Array[0, 60], Gen.Bool, Gen.Bool, Gen.Int[0, 1600]).Sample((list, relay, named, filed, size) =>
        {
            var packet = s_reply with
            {
                ServerName = named ? "boot.example" : "",
                BootFile = filed ? "snponly.efi" : "",
                Options = DhcpOptions.From([.. list.DistinctBy(o => o.Code), new DhcpOption(DhcpOptionCode.RelayAgentInformation, relay)]),
            };
            var (bytes, leftOut) = Write(packet, size);
            Assert.True(bytes.Length <= Math.Clamp(size, 576, 1500) - 28);
            Assert.True(DhcpDecoder.TryRead(bytes, out var read, out var reason), reason);
            Assert.Equal((packet.ServerName, packet.BootFile), (read.ServerName, read.BootFile));
            foreach (var option in packet.Options.All.Where(o => !leftOut.Contains(o.Code)))
            {
                Assert.True(read.Options.TryGet(option.Code, out var value), $"option {option.Code} lost");
                Assert.Equal(option.Value.ToArray(), value.ToArray());
            }

            Assert.All(leftOut, code => Assert.False(read.Options.Has(code)));
            Assert.DoesNotContain(DhcpOptionCode.RelayAgentInformation, leftOut);
        }, iter: 3000);
    }

    [Fact]
    public void Option_82_is_verbatim_and_last_wherever_it_was_put()
    {
        var relay = Convert.FromHexString("01020304ff00");
        var options = new DhcpOptionsBuilder().Add(DhcpOptionCode.RelayAgentInformation, relay).Add(DhcpMessageType.Ack).Add(DhcpOptionCode.DomainName, "lab").Build();
        var (bytes, _) = Write(s_reply with { Options = options });
        Assert.Equal("350105" + "0f036c6162" + "5206" + "01020304ff00" + "ff", Convert.ToHexStringLower(bytes.AsSpan(240, 17)));
    }

    [Fact]
    public void An_option_longer_than_255_bytes_is_parted()
    {
        var (bytes, _) = Write(s_reply with { Options = new DhcpOptionsBuilder().Add(DhcpOptionCode.BootFile, new string('u', 260)).Build() }, 1500);
        Assert.Equal((67, 255), (bytes[240], bytes[241]));
        Assert.Equal((67, 5), (bytes[240 + 257], bytes[240 + 258]));
    }

    [Fact]
    public void What_exceeds_the_clients_buffer_goes_to_unused_header_fields_and_then_is_left_out()
    {
        var options = new DhcpOptionsBuilder().Add(DhcpMessageType.Ack)
            .Add(DhcpOptionCode.DomainName, new string('a', 250)).Add(DhcpOptionCode.HostName, new string('b', 100))
            .Add(DhcpOptionCode.TftpServerName, new string('c', 60)).Add(DhcpOptionCode.Message, new string('d', 120)).Build();
        var (bytes, leftOut) = Write(s_reply with { Options = options });
        Assert.Equal([DhcpOptionCode.Message], leftOut);
        Assert.True(DhcpDecoder.TryRead(bytes, out var read, out _));
        Assert.Equal(100, read.Options.HostName!.Length);
        Assert.True(read.Options.TryGet(DhcpOptionCode.Overload, out var overload));
        Assert.Equal([3], overload.ToArray());
    }

    [Fact]
    public void A_name_too_long_for_its_header_field_is_left_to_the_option()
    {
        var url = "http://10.77.0.1/" + new string('x', 111);
        var (bytes, _) = Write(s_reply with { BootFile = url });
        Assert.Equal(128, url.Length);
        Assert.Equal(0, bytes[DhcpConstants.BootFileOffset]);
        (bytes, _) = Write(s_reply with { BootFile = url[..127] });
        Assert.True(DhcpDecoder.TryRead(bytes, out var read, out _));
        Assert.Equal(url[..127], read.BootFile);
    }

    [Fact]
    public void A_terminated_text_counts_its_nul()
    {
        var options = new DhcpOptionsBuilder().AddTerminated(DhcpOptionCode.BootFile, "a.0").Build();
        Assert.True(options.TryGet(DhcpOptionCode.BootFile, out var value));
        Assert.Equal("612e3000", Convert.ToHexStringLower(value.Span));
    }

    private static (byte[] Bytes, IReadOnlyList<DhcpOptionCode> LeftOut) Write(DhcpPacket packet, int size = 576)
    {
        var buffer = new byte[DhcpEncoder.MaximumLength];
        var written = DhcpEncoder.Write(packet, size, buffer);
        return (buffer[..written.Length], written.LeftOut);
    }
}
