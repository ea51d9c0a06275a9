namespace NetDeploy.Protocols.Tftp;

/// <summary>
/// One file on its way to one client, as a value: an event and the time give the next value and one action.
/// No clock, no socket, no file. All times are on the caller's monotonic clock, from any origin.
/// </summary>
/// <remarks>
/// Two echoes must not be taken for a loss. In lockstep a repeated ACK never resends (the Sorcerer's Apprentice of RFC 1123
/// section 4.2.3.1). With a window a repeated ACK may mean that the window's first block was lost; but clients also repeat
/// themselves for each block they see twice, so after a resend only the timer speaks, until one window has gone through clean.
/// </remarks>
public readonly record struct TftpTransfer
{
    public required TftpTerms Terms { get; init; }

    public required TftpTimings Timings { get; init; }

    /// <summary>The client has all blocks up to this one; 0 before the first.</summary>
    public long Acknowledged { get; private init; }

    /// <summary>The last block on its way.</summary>
    public long Sent { get; private init; }

    /// <summary>The OACK is out, and not answered.</summary>
    public bool Offered { get; private init; }

    /// <summary>Complete or given up: every further event gives no action.</summary>
    public bool Ended { get; private init; }

    /// <summary>When <see cref="OnTimer"/> is due.</summary>
    public TimeSpan Deadline { get; private init; }

    /// <summary>The mean round trip of a window; null before the first was measured.</summary>
    public TimeSpan? RoundTrip { get; private init; }

    /// <summary>Blocks that went out more than once.</summary>
    public long Resends { get; private init; }

    /// <summary>Bytes of payload that the client has.</summary>
    public long BytesAcknowledged => Acknowledged >= Terms.BlockCount ? Terms.Length : Acknowledged * Terms.BlockSize;

    /// <summary>When the client last moved on.</summary>
    public TimeSpan LastProgress { get; private init; }

    /// <summary>When the window, or the OACK, last went out from its beginning.</summary>
    private TimeSpan SentAt { get; init; }

    private TimeSpan? ShortestRoundTrip { get; init; }

    private TimeSpan Wait { get; init; }

    /// <summary>What is out now went out more than once.</summary>
    private bool Resent { get; init; }

    /// <summary>What was out before did; its echoes may still arrive.</summary>
    private bool AfterResend { get; init; }

    /// <summary>Answers the request: with the OACK, or with the first block where no option was agreed on.</summary>
    public static TftpStep Begin(TftpTerms terms, TftpTimings timings, TimeSpan now)
    {
        var transfer = new TftpTransfer { Terms = terms, Timings = timings, LastProgress = now };
        transfer = transfer with { Wait = transfer.Bounded(timings.FirstWait) };
        return terms.Agreed.IsEmpty ? transfer.SendWindow(now) : transfer.SendOffer(now);
    }

    /// <summary>The client has the block with this 16-bit number, and all before it.</summary>
    public TftpStep OnAck(ushort wire, TimeSpan now)
    {
        if (Ended || TftpBlockNumber.FromWire(wire, Acknowledged, Sent, Terms.Rollover) is not { } block)
        {
            return Ignore;
        }

        if (Offered)
        {
            return Progress(0, now).SendWindow(now);
        }

        if (block == Acknowledged)
        {
            var lossSeen = Terms.WindowSize > 1 && Sent > Acknowledged + 1 && !Resent && !AfterResend;
            return lossSeen ? SendWindow(now) : Ignore;
        }

        if (block == Terms.BlockCount)
        {
            return new TftpStep(Progress(block, now) with { Ended = true }, new TftpAction(TftpActionKind.Complete));
        }

        // Less than was sent: the block after it is lost, and the client dropped what followed (RFC 7440 section 4).
        // Unless the blocks after it were sent again just now: no answer to those can be here so soon, so this one is older.
        var onTheWay = block < Sent && Resent && ShortestRoundTrip is { } shortest && now - SentAt < shortest;
        return onTheWay ? Progress(block, now).SendRest(SentAt, now) : Progress(block, now).SendWindow(now);
    }

    /// <summary>The same request came again: its answer was lost, or is late.</summary>
    public TftpStep OnRequestRepeated(TimeSpan now)
    {
        if (Ended || Acknowledged > 0)
        {
            return Ignore;
        }

        if (Offered)
        {
            return SendOffer(now);
        }

        return Terms.Agreed.IsEmpty ? SendWindow(now) : Ignore;
    }

    /// <summary>The time is at or after <see cref="Deadline"/>.</summary>
    public TftpStep OnTimer(TimeSpan now)
    {
        if (Ended || now < Deadline)
        {
            return Ignore;
        }

        if (now - LastProgress >= Patience)
        {
            return new TftpStep(this with { Ended = true }, new TftpAction(TftpActionKind.GiveUp));
        }

        var patient = this with { Wait = Bounded(Wait * 2) };
        return Offered ? patient.SendOffer(now) : patient.SendWindow(now);
    }

    /// <summary>The client has shown that it hears us, so its address is not forged.</summary>
    public bool Answered => Acknowledged > 0 || (!Offered && !Terms.Agreed.IsEmpty);

    private TimeSpan Patience =>
        Answered || Timings.GiveUpAfter < Timings.GiveUpUnanswered ? Timings.GiveUpAfter : Timings.GiveUpUnanswered;

    private TftpStep Ignore => new(this, default);

    private TftpStep SendOffer(TimeSpan now) =>
        new((this with { Resent = Offered, Offered = true }).Waiting(now), new TftpAction(TftpActionKind.SendOptionAck));

    /// <summary>A full window from the first block that the client lacks.</summary>
    private TftpStep SendWindow(TimeSpan now)
    {
        var last = Math.Min(Acknowledged + Terms.WindowSize, Terms.BlockCount);
        var repeated = Math.Min(Sent, last) - Acknowledged;
        var next = Waiting(now) with
        {
            Sent = Math.Max(Sent, last),
            Resent = Resent || repeated > 0,
            Resends = Resends + Math.Max(0, repeated),
        };
        return new TftpStep(next, new TftpAction(TftpActionKind.SendBlocks, Acknowledged + 1, (int)(last - Acknowledged)));
    }

    /// <summary>Completes a window whose first blocks are on their way for the second time.</summary>
    private TftpStep SendRest(TimeSpan sentAt, TimeSpan now)
    {
        var last = Math.Min(Acknowledged + Terms.WindowSize, Terms.BlockCount);
        var next = Waiting(now) with { Sent = last, SentAt = sentAt, Resent = true };
        return new TftpStep(next, last > Sent ? new TftpAction(TftpActionKind.SendBlocks, Sent + 1, (int)(last - Sent)) : default);
    }

    private TftpTransfer Waiting(TimeSpan now)
    {
        var giveUp = LastProgress + Patience;
        var due = now + Wait;
        return this with { SentAt = now, Deadline = due < giveUp ? due : giveUp };
    }

    private TftpTransfer Progress(long block, TimeSpan now)
    {
        // What went out twice says nothing about the round trip: which of the two was answered? (Karn)
        var roundTrip = RoundTrip;
        var shortest = ShortestRoundTrip;
        if (!Resent)
        {
            var sample = now - SentAt;
            roundTrip = roundTrip is { } mean ? mean + ((sample - mean) / 8) : sample;
            shortest = shortest is { } least && least < sample ? least : sample;
        }

        return this with
        {
            Acknowledged = block,
            Offered = false,
            LastProgress = now,
            RoundTrip = roundTrip,
            ShortestRoundTrip = shortest,
            Wait = Bounded(roundTrip is { } known ? known * 4 : Timings.FirstWait),
            AfterResend = Resent,
            Resent = false,
        };
    }

    private TimeSpan Bounded(TimeSpan wait)
    {
        var longest = Terms.Timeout is { } asked && asked < Timings.LongestWait ? asked : Timings.LongestWait;
        var shortest = Timings.ShortestWait;
        return wait > longest ? longest : wait < shortest ? shortest : wait;
    }
}
