using CsCheck;
using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Protocols.Tests.Tftp;

public sealed class TftpWireTests
{
    private static readonly TftpWeather Calm = new(0, 0, TimeSpan.Zero);

    private static readonly Gen<TftpClientManner> Manners = Gen.Int[0, 2].Select(i => (TftpClientManner)i);

    private static readonly Gen<(long Length, int Window, TftpRollover Rollover)> Files =
        Gen.Select(Gen.Long[0, 4000], Gen.Int[0, 40], Gen.Bool).Select((length, window, toOne) =>
            (length, window, toOne ? TftpRollover.ToOne : TftpRollover.ToZero));

    [Fact]
    public void On_a_calm_wire_every_block_goes_once()
    {
        Gen.Select(Files, Manners, Gen.Int).Sample((file, manner, seed) =>
        {
            var terms = Terms(file.Length, file.Window, file.Rollover);
            var wire = new TftpWire(terms, manner, Calm, seed).Run();
            Delivered(wire, terms);
            Assert.Equal(terms.BlockCount, wire.BlocksSent);
        });
    }

    [Fact]
    public void A_wire_that_drops_repeats_and_reorders_a_tenth_of_all_packets_delivers_the_file()
    {
        var weather = Gen.Select(Gen.Int[0, 10], Gen.Int[0, 30], Gen.Int[0, 5]).Select((drop, duplicate, jitter) =>
            new TftpWeather(drop, duplicate, TimeSpan.FromMilliseconds(jitter)));
        Gen.Select(Files, Manners, weather, Gen.Int).Sample((file, manner, weather, seed) =>
        {
            var terms = Terms(file.Length, file.Window, file.Rollover);
            Delivered(new TftpWire(terms, manner, weather, seed).Run(), terms);
        }, iter: 2000);
    }

    [Fact]
    public void However_bad_the_wire_a_transfer_is_complete_only_when_every_byte_arrived()
    {
        var weather = Gen.Select(Gen.Int[0, 95], Gen.Int[0, 100], Gen.Int[0, 400]).Select((drop, duplicate, jitter) =>
            new TftpWeather(drop, duplicate, TimeSpan.FromMilliseconds(jitter)));
        Gen.Select(Files, Manners, weather, Gen.Int).Sample((file, manner, weather, seed) =>
        {
            var terms = Terms(file.Length, file.Window, file.Rollover);
            var wire = new TftpWire(terms, manner, weather, seed).Run();
            if (wire.Outcome == TftpActionKind.Complete)
            {
                Delivered(wire, terms);
            }
            else
            {
                Assert.Equal(TftpActionKind.GiveUp, wire.Outcome);
                Assert.True(wire.Duration >= new TftpTimings().GiveUpUnanswered);
            }
        }, iter: 1000);
    }

    [Fact]
    public void A_wire_that_repeats_everything_makes_no_Sorcerers_Apprentice()
    {
        Gen.Select(Files, Manners, Gen.Int).Sample((file, manner, seed) =>
        {
            var terms = Terms(file.Length, file.Window, file.Rollover);
            var wire = new TftpWire(terms, manner, new TftpWeather(0, 100, TimeSpan.Zero), seed).Run();
            Delivered(wire, terms);
            Assert.InRange(wire.BlocksSent, terms.BlockCount, (terms.WindowSize == 1 ? 1 : 3) * terms.BlockCount);
        });
    }

    [Theory]
    [InlineData(TftpRollover.ToZero, 1)]
    [InlineData(TftpRollover.ToZero, 64)]
    [InlineData(TftpRollover.ToOne, 1)]
    [InlineData(TftpRollover.ToOne, 64)]
    public void A_file_of_more_than_65536_blocks_comes_through_loss(TftpRollover rollover, int window)
    {
        var terms = Terms(8 * 140_000, window, rollover);
        Delivered(new TftpWire(terms, TftpClientManner.Edk2, new TftpWeather(1, 1, TimeSpan.FromMilliseconds(1)), 7).Run(), terms);
    }

    private static void Delivered(TftpWire wire, TftpTerms terms)
    {
        Assert.Equal(TftpActionKind.Complete, wire.Outcome);
        Assert.Equal((terms.BlockCount, terms.Length), (wire.Received, wire.Bytes));
    }

    private static TftpTerms Terms(long length, int window, TftpRollover rollover)
    {
        var options = window == 0 ? "" : $"blksize=8 windowsize={window}";
        return TftpTerms.Negotiate(TftpTermsTests.Request(options), length, new TftpLimits { Rollover = rollover });
    }
}
