using CsCheck;
using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Protocols.Tests.Tftp;

public sealed class TftpBlockNumberTests
{
    [Theory]
    [InlineData(65535, TftpRollover.ToZero, 65535)]
    [InlineData(65536, TftpRollover.ToZero, 0)]
    [InlineData(65537, TftpRollover.ToZero, 1)]
    [InlineData(65535, TftpRollover.ToOne, 65535)]
    [InlineData(65536, TftpRollover.ToOne, 1)]
    [InlineData(131071, TftpRollover.ToOne, 1)]
    public void Numbers_start_again(long block, TftpRollover rollover, int wire) => Assert.Equal(wire, TftpBlockNumber.ToWire(block, rollover));

    [Theory]
    [InlineData(TftpRollover.ToZero)]
    [InlineData(TftpRollover.ToOne)]
    public void A_number_on_the_wire_is_one_block_of_the_window(TftpRollover rollover)
    {
        Gen.Select(Gen.Long[0, 300_000], Gen.Int[0, 1000], Gen.Int[-2000, 2000]).Sample((first, count, offset) =>
        {
            var block = Math.Max(0, first + offset);
            var found = TftpBlockNumber.FromWire(TftpBlockNumber.ToWire(block, rollover), first, first + count, rollover);
            Assert.Equal(block >= first && block <= first + count ? block : null, found);
        }, iter: 5000);
    }
}
