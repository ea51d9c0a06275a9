using CsCheck;
using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Protocols.Tests.Tftp;

public sealed class TftpTermsTests
{
    private static readonly TftpLimits Ethernet = new() { BlockSize = 1468 };

    [Theory]
    [InlineData("", "", 512, 1)]
    [InlineData("tsize=0", "tsize=100000", 512, 1)]
    [InlineData("tsize=0 blksize=1468 windowsize=4", "tsize=100000 blksize=1468 windowsize=4", 1468, 4)]
    [InlineData("windowsize=4 blksize=1024", "windowsize=4 blksize=1024", 1024, 4)]
    [InlineData("blksize=8192", "blksize=1468", 1468, 1)]
    [InlineData("blksize=65464", "blksize=1468", 1468, 1)]
    [InlineData("blksize=65465", "blksize=1468", 1468, 1)]
    [InlineData("blksize=8", "blksize=8", 8, 1)]
    [InlineData("blksize=7", "", 512, 1)]
    [InlineData("blksize=-1", "", 512, 1)]
    [InlineData("blksize=1e3", "", 512, 1)]
    [InlineData("blksize=99999999999999999999", "", 512, 1)]
    [InlineData("windowsize=0", "", 512, 1)]
    [InlineData("windowsize=65535", "windowsize=64", 512, 64)]
    [InlineData("timeout=3", "timeout=3", 512, 1)]
    [InlineData("timeout=0", "", 512, 1)]
    [InlineData("timeout=256", "", 512, 1)]
    [InlineData("tsize=x", "", 512, 1)]
    [InlineData("multicast= rollover=0 utimeout=100000", "", 512, 1)]
    [InlineData("blksize=600 blksize=700", "blksize=600", 600, 1)]
    public void Only_what_was_asked_is_granted_and_never_more(string asked, string agreed, int blockSize, int windowSize)
    {
        var terms = TftpTerms.Negotiate(Request(asked), 100_000, Ethernet);

        Assert.Equal(agreed, string.Join(' ', terms.Agreed.Select(option => $"{option.Name}={option.Value}")));
        Assert.Equal((blockSize, windowSize), (terms.BlockSize, terms.WindowSize));
    }

    [Fact]
    public void The_timeout_is_echoed_to_the_byte()
    {
        var terms = TftpTerms.Negotiate(Request("timeout=007"), 1, Ethernet);

        Assert.Equal("007", terms.Agreed.Single().Value);
        Assert.Equal(TimeSpan.FromSeconds(7), terms.Timeout);
    }

    [Fact]
    public void A_size_beyond_32_bits_is_told()
    {
        Assert.Equal("5000000000", TftpTerms.Negotiate(Request("tsize=0"), 5_000_000_000, Ethernet).Agreed.Single().Value);
    }

    [Fact]
    public void A_window_of_large_blocks_is_kept_within_memory()
    {
        var terms = TftpTerms.Negotiate(Request("blksize=65464 windowsize=64"), 1, new TftpLimits { BlockSize = 65464, WindowBytes = 131072 });

        Assert.Equal((65464, 2), (terms.BlockSize, terms.WindowSize));
    }

    [Theory]
    [InlineData(1500, false, 1468)]
    [InlineData(1500, true, 1448)]
    [InlineData(9000, false, 8968)]
    [InlineData(65536, false, 65464)]
    [InlineData(20, false, 8)]
    public void A_block_fits_one_frame(int mtu, bool ipv6, int expected) => Assert.Equal(expected, TftpLimits.BlockSizeFor(mtu, ipv6));

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(1, 1, 1)]
    [InlineData(511, 1, 511)]
    [InlineData(512, 2, 0)]
    [InlineData(513, 2, 1)]
    [InlineData(1024, 3, 0)]
    public void The_last_block_is_short_and_empty_after_an_exact_multiple(long length, long count, int last)
    {
        var terms = TftpTerms.Negotiate(Request(""), length, Ethernet);

        Assert.Equal((count, last), (terms.BlockCount, terms.PayloadLength(count)));
    }

    [Fact]
    public void Blocks_cover_the_file_without_gap_or_overlap()
    {
        Gen.Select(Gen.Int[8, 70], Gen.Long[0, 5000]).Sample((blockSize, length) =>
        {
            var terms = TftpTerms.Negotiate(Request($"blksize={blockSize}"), length, Ethernet);
            var at = 0L;
            for (var block = 1L; block <= terms.BlockCount; block++)
            {
                Assert.Equal(at, terms.Offset(block));
                at += terms.PayloadLength(block);
            }

            Assert.Equal(length, at);
        });
    }

    [Fact]
    public void Numbers_that_roll_over_are_foreseen()
    {
        Assert.False(TftpTerms.Negotiate(Request(""), (65535L * 512) - 1, Ethernet).RollsOver);
        Assert.True(TftpTerms.Negotiate(Request(""), 65535L * 512, Ethernet).RollsOver);
    }

    internal static TftpRequest Request(string options) =>
        new(false, "file", "octet",
            [.. options.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(o => o.Split('=')).Select(o => new TftpOption(o[0], o[1]))]);
}
