using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Protocols.Tests.Tftp;

public sealed class TftpTransferTests
{
    private static readonly TftpTimings Timings = new();
    private static readonly TftpAction Nothing = new(TftpActionKind.None);

    private TimeSpan _now = TimeSpan.FromHours(5);
    private TftpTransfer _transfer;

    [Fact]
    public void Without_options_the_first_block_answers_the_request()
    {
        Assert.Equal(Blocks(1, 1), Begin("", 1000));
        Assert.Equal(Blocks(2, 1), Ack(1));
        Assert.Equal(Complete, Ack(2));
        Assert.Equal(1000, _transfer.BytesAcknowledged);
    }

    [Fact]
    public void With_options_the_first_block_waits_for_the_acknowledgment_of_the_offer()
    {
        Assert.Equal(Offer, Begin("blksize=512", 1000));
        Assert.Equal(Nothing, Ack(1));
        Assert.Equal(Blocks(1, 1), Ack(0));
    }

    [Fact]
    public void An_empty_file_is_one_empty_block()
    {
        Assert.Equal(Blocks(1, 1), Begin("", 0));
        Assert.Equal(Complete, Ack(1));
    }

    [Fact]
    public void An_exact_multiple_ends_with_an_empty_block()
    {
        Begin("", 512);
        Assert.Equal(Blocks(2, 1), Ack(1));
        Assert.Equal(0, _transfer.Terms.PayloadLength(2));
    }

    [Fact]
    public void In_lockstep_a_repeated_acknowledgment_sends_nothing()
    {
        Begin("", 10_000);
        Ack(1);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(Nothing, Ack(1));
            Assert.Equal(Nothing, Ack(0));
        }

        Assert.Equal(0, _transfer.Resends);
    }

    [Fact]
    public void A_whole_window_goes_out_at_once()
    {
        Begin("windowsize=4", 512 * 9);
        Assert.Equal(Blocks(1, 4), Ack(0));
        Assert.Equal(Blocks(5, 4), Ack(4));
        Assert.Equal(Blocks(9, 2), Ack(8));
        Assert.Equal(Complete, Ack(10));
        Assert.Equal(0, _transfer.Resends);
    }

    [Fact]
    public void After_a_partial_acknowledgment_a_full_window_goes_on_from_there()
    {
        Begin("windowsize=8", 1 << 20);
        Ack(0);
        Assert.Equal(Blocks(3, 8), Ack(2));
        Assert.Equal(6, _transfer.Resends);
    }

    [Fact]
    public void One_loss_is_one_rewind_however_often_the_client_complains()
    {
        Begin("windowsize=8", 1 << 20);
        Ack(0);
        Assert.Equal(Blocks(3, 8), Ack(2));
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal(Nothing, Ack(2));
        }

        Assert.Equal(Blocks(11, 8), Ack(10));
    }

    [Fact]
    public void A_lost_first_block_of_a_window_is_seen_by_the_repeated_acknowledgment()
    {
        Begin("windowsize=8", 1 << 20);
        Ack(0);
        Ack(8);
        Assert.Equal(Blocks(9, 8), Ack(8));
        Assert.Equal(Nothing, Ack(8));
    }

    [Fact]
    public void Echoes_of_a_resend_do_not_rewind_the_window_after_it()
    {
        Begin("windowsize=4", 1 << 20);
        Ack(0);
        Assert.Equal(Blocks(1, 4), Timer());
        Assert.Equal(Blocks(5, 4), Ack(4));
        // The client saw 1 to 4 twice and says so four times.
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(Nothing, Ack(4));
        }

        Assert.Equal(Blocks(9, 4), Ack(8));
        Assert.Equal(Blocks(9, 4), Ack(8));
    }

    [Fact]
    public void Old_and_future_numbers_are_ignored()
    {
        Begin("windowsize=4", 1 << 20);
        Ack(0);
        Ack(4);
        Assert.All([3, 1, 0, 9, 30_000, 65_535], wire => Assert.Equal(Nothing, Ack(wire)));
    }

    [Fact]
    public void The_same_request_again_is_answered_again_until_the_client_moves()
    {
        Begin("tsize=0", 10_000);
        Assert.Equal(Offer, Repeat());
        Ack(0);
        Assert.Equal(Nothing, Repeat());

        Begin("", 10_000);
        Assert.Equal(Blocks(1, 1), Repeat());
        Ack(1);
        Assert.Equal(Nothing, Repeat());
    }

    [Fact]
    public void The_timer_resends_with_growing_patience_and_gives_up()
    {
        var start = _now;
        Begin("windowsize=2", 10_000);
        Ack(0);
        var waits = new List<TimeSpan>();
        TftpAction action;
        do
        {
            var before = _now;
            action = Timer();
            waits.Add(_now - before);
            Assert.True(action == Blocks(1, 2) || action == new TftpAction(TftpActionKind.GiveUp));
        }
        while (action.Kind != TftpActionKind.GiveUp);

        // The OACK was answered in no time, so the shortest wait begins.
        Assert.Equal([50, 100, 200, 400, 800, 1600, 3200], waits.Take(7).Select(wait => (int)wait.TotalMilliseconds));
        Assert.All(waits, wait => Assert.True(wait <= Timings.LongestWait));
        Assert.Equal(Timings.GiveUpAfter, _now - start);
        Assert.True(_transfer.Ended);
        Assert.Equal(Nothing, Ack(2));
        Assert.Equal(Nothing, Repeat());
    }

    [Theory]
    [InlineData("")]
    [InlineData("tsize=0")]
    public void A_client_that_never_answers_is_given_up_sooner(string options)
    {
        var start = _now;
        Begin(options, 10_000);
        while (Timer().Kind != TftpActionKind.GiveUp)
        {
            Assert.True(_now - start < Timings.GiveUpUnanswered);
        }

        Assert.Equal(Timings.GiveUpUnanswered, _now - start);
    }

    [Fact]
    public void A_timer_that_comes_early_does_nothing()
    {
        Begin("", 10_000);
        _now = _transfer.Deadline - TimeSpan.FromTicks(1);
        Assert.Equal(Nothing, Do(_transfer.OnTimer(_now)));
    }

    [Fact]
    public void Patience_follows_the_round_trip()
    {
        Begin("", 1 << 20);
        for (var block = 1; block <= 100; block++)
        {
            _now += TimeSpan.FromMilliseconds(100);
            Ack(block);
        }

        Assert.Equal(TimeSpan.FromMilliseconds(100), _transfer.RoundTrip);
        Assert.Equal(TimeSpan.FromMilliseconds(400), _transfer.Deadline - _now);
    }

    [Fact]
    public void An_answer_to_a_resend_measures_nothing()
    {
        Begin("", 1 << 20);
        _now += TimeSpan.FromMilliseconds(20);
        Ack(1);
        Timer();
        _now += TimeSpan.FromMicroseconds(1);
        Ack(2);

        Assert.Equal(TimeSpan.FromMilliseconds(20), _transfer.RoundTrip);
    }

    [Fact]
    public void The_clients_own_timeout_bounds_the_patience()
    {
        Begin("timeout=1", 10_000);
        Ack(0);
        for (var i = 0; i < 8; i++)
        {
            Timer();
        }

        Assert.Equal(TimeSpan.FromSeconds(1), _transfer.Deadline - _now);
    }

    private static TftpAction Offer => new(TftpActionKind.SendOptionAck);

    private static TftpAction Complete => new(TftpActionKind.Complete);

    private static TftpAction Blocks(long first, int count) => new(TftpActionKind.SendBlocks, first, count);

    private TftpAction Begin(string options, long length) =>
        Do(TftpTransfer.Begin(TftpTerms.Negotiate(TftpTermsTests.Request(options), length, new TftpLimits()), Timings, _now));

    private TftpAction Ack(int wire) => Do(_transfer.OnAck((ushort)wire, _now));

    private TftpAction Repeat() => Do(_transfer.OnRequestRepeated(_now));

    private TftpAction Timer()
    {
        _now = _transfer.Deadline;
        return Do(_transfer.OnTimer(_now));
    }

    private TftpAction Do(TftpStep step)
    {
        _transfer = step.Next;
        return step.Action;
    }
}
