using System.Text;
using CsCheck;
using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Protocols.Tests.Tftp;

public sealed class TftpPacketTests
{
    private static readonly TftpRequest Request = new(false, "grub/grub.cfg", "octet",
        [new("tsize", "0"), new("blksize", "1468"), new("windowsize", "16")]);

    [Fact]
    public void A_read_request_is_what_the_RFC_draws()
    {
        var packet = Bytes("\0\u0001pxelinux.0\0octet\0blksize\0" + "1432\0");

        Assert.True(TftpRequest.TryRead(packet, out var request, out var malformed));

        Assert.Equal(TftpMalformed.None, malformed);
        Assert.Equal((false, "pxelinux.0", true, "1432"), (request.IsWrite, request.FileName, request.IsOctet, request.Option("blksize")));
        Assert.Equal(packet, Written(request.TryWrite));
    }

    [Fact]
    public void Option_names_and_modes_are_read_in_any_case()
    {
        Assert.True(TftpRequest.TryRead(Bytes("\0\u0001a\0OcTeT\0BLKSize\0" + "512\0"), out var request, out _));

        Assert.True(request.IsOctet);
        Assert.Equal([new TftpOption("blksize", "512")], request.Options);
    }

    [Fact]
    public void A_request_padded_with_NULs_is_the_request()
    {
        Assert.True(TftpRequest.TryRead(Bytes("\0\u0001a\0octet\0\0\0\0\0"), out var request, out _));

        Assert.Empty(request.Options);
    }

    [Theory]
    [InlineData("", TftpMalformed.TooShort)]
    [InlineData("\0", TftpMalformed.TooShort)]
    [InlineData("\0\u0003a\0octet\0", TftpMalformed.WrongOpcode)]
    [InlineData("\0\u0001", TftpMalformed.UnterminatedText)]
    [InlineData("\0\u0001\0octet\0", TftpMalformed.EmptyFileName)]
    [InlineData("\0\u0001a\0", TftpMalformed.UnterminatedText)]
    [InlineData("\0\u0001a\0\0", TftpMalformed.EmptyMode)]
    [InlineData("\0\u0001a\0octet\0blksize\0", TftpMalformed.OptionWithoutValue)]
    [InlineData("\0\u0001a\0octet\0\0x\0", TftpMalformed.OptionWithoutName)]
    public void A_bad_request_says_why(string packet, TftpMalformed expected)
    {
        Assert.False(TftpRequest.TryRead(Bytes(packet), out var request, out var malformed));

        Assert.Null(request);
        Assert.Equal(expected, malformed);
    }

    [Fact]
    public void More_options_than_anyone_needs_are_refused()
    {
        var many = new StringBuilder("\0\u0001a\0octet\0");
        for (var i = 0; i < 40; i++)
        {
            many.Append("x\0y\0");
        }

        Assert.False(TftpRequest.TryRead(Bytes(many.ToString()), out _, out var malformed));
        Assert.Equal(TftpMalformed.TooManyOptions, malformed);
    }

    [Fact]
    public void Every_truncated_request_is_malformed_or_ends_between_two_options()
    {
        var packet = Written(Request.TryWrite);
        var whole = 0;
        for (var length = 0; length < packet.Length; length++)
        {
            if (TftpRequest.TryRead(packet.AsSpan(0, length), out var shorter, out var malformed))
            {
                whole++;
                Assert.Equal(Request.Options[..shorter.Options.Length], shorter.Options);
                Assert.Equal(packet[..length], Written(shorter.TryWrite));
            }
            else
            {
                Assert.NotEqual(TftpMalformed.None, malformed);
            }
        }

        Assert.Equal(3, whole);
    }

    [Fact]
    public void Every_truncated_header_is_malformed()
    {
        var data = new byte[6];
        Assert.True(new TftpData(7, [1, 2]).TryWrite(data, out _));
        var ack = Written(new TftpAck(7).TryWrite);
        var error = Written(new TftpError(TftpErrorCode.FileNotFound, "no").TryWrite);
        for (var length = 0; length < 4; length++)
        {
            Assert.False(TftpData.TryRead(data.AsSpan(0, length), out _, out var inData));
            Assert.False(TftpAck.TryRead(ack.AsSpan(0, length), out _, out var inAck));
            Assert.False(TftpError.TryRead(error.AsSpan(0, length), out _, out var inError));
            Assert.All([inData, inAck, inError], reason => Assert.Equal(TftpMalformed.TooShort, reason));
        }

        Assert.True(TftpData.TryRead(data.AsSpan(0, 5), out var shorter, out _));
        Assert.Equal([1], shorter.Payload.ToArray());
    }

    [Fact]
    public void Every_truncated_option_acknowledgment_is_malformed_or_ends_between_two_options()
    {
        var packet = Written(new TftpOptionAck(Request.Options).TryWrite);
        var whole = Enumerable.Range(0, packet.Length).Count(length => TftpOptionAck.TryRead(packet.AsSpan(0, length), out _, out _));

        Assert.Equal(3, whole);
    }

    [Fact]
    public void An_error_without_its_NUL_is_still_an_error()
    {
        Assert.True(TftpError.TryRead(Bytes("\0\u0005\0\u0008User aborted"), out var error, out _));

        Assert.Equal(new TftpError(TftpErrorCode.OptionNegotiationFailed, "User aborted"), error);
    }

    [Fact]
    public void Data_and_acknowledgments_survive_the_wire()
    {
        var packet = new byte[7];
        Assert.True(new TftpData(65535, [1, 2, 3]).TryWrite(packet, out var written));
        Assert.True(TftpData.TryRead(packet, out var data, out _));
        Assert.Equal((7, 65535), (written, (int)data.Block));
        Assert.Equal([1, 2, 3], data.Payload.ToArray());

        Assert.True(TftpAck.TryRead(Written(new TftpAck(258).TryWrite), out var ack, out _));
        Assert.Equal(258, ack.Block);
    }

    [Fact]
    public void An_option_acknowledgment_ends_with_its_last_NUL()
    {
        Assert.Equal(Bytes("\0\u0006blksize\0" + "1468\0"), Written(new TftpOptionAck([new("blksize", "1468")]).TryWrite));
    }

    [Fact]
    public void What_does_not_fit_is_not_written()
    {
        var packet = Written(Request.TryWrite);
        for (var length = 0; length < packet.Length; length++)
        {
            Assert.False(Request.TryWrite(new byte[length], out var written));
            Assert.Equal(0, written);
        }

        Assert.False(new TftpData(1, new byte[9]).TryWrite(new byte[12], out _));
        Assert.False(new TftpError(TftpErrorCode.NotDefined, "a\0b").TryWrite(new byte[99], out _));
    }

    [Fact]
    public void No_bytes_make_a_reader_throw()
    {
        Gen.Byte.Array[0, 600].Sample(ReadAll, iter: 20_000);
        // Mostly text and NULs behind a true opcode: deep into the options.
        Gen.Select(Gen.Byte[0, 7], Gen.Int[0, 4].Select(i => "\0\0ab\u00ff"u8[i]).Array[0, 120])
            .Sample((opcode, rest) => ReadAll([0, opcode, .. rest]), iter: 20_000);
    }

    [Fact]
    public void What_was_read_is_written_back_the_same()
    {
        var text = Gen.Char['a', 'z'].Array[1, 20].Select(chars => new string(chars));
        Gen.Select(Gen.Bool, text, text, Gen.Select(text, text).Array[0, 10]).Sample((isWrite, name, mode, options) =>
        {
            var request = new TftpRequest(isWrite, name, mode, [.. options.Select(option => new TftpOption(option.Item1, option.Item2))]);
            Assert.True(TftpRequest.TryRead(Written(request.TryWrite), out var read, out _));
            Assert.Equal((isWrite, name, mode), (read.IsWrite, read.FileName, read.Mode));
            Assert.Equal(request.Options, read.Options);
        });
    }

    private static void ReadAll(byte[] packet)
    {
        var request = TftpRequest.TryRead(packet, out _, out var inRequest);
        var ack = TftpAck.TryRead(packet, out _, out var inAck);
        var data = TftpData.TryRead(packet, out _, out var inData);
        var error = TftpError.TryRead(packet, out _, out var inError);
        var options = TftpOptionAck.TryRead(packet, out _, out var inOptions);
        Assert.All(
            [(request, inRequest), (ack, inAck), (data, inData), (error, inError), (options, inOptions)],
            read => Assert.Equal(read.Item1, read.Item2 == TftpMalformed.None));
    }

    private delegate bool Writer(Span<byte> buffer, out int written);

    private static byte[] Written(Writer write)
    {
        var buffer = new byte[2048];
        Assert.True(write(buffer, out var written));
        return buffer[..written];
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
