namespace NetDeploy.Protocols.Tftp;

/// <summary>How patient a transfer is.</summary>
public sealed record TftpTimings
{
    /// <summary>Before a round trip was measured.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>No shorter wait: firmware looks away from the network for some milliseconds.</summary>
    public TimeSpan ShortestWait { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Back-off ends here; a client's own timeout is the limit where it is shorter.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Without progress for so long, the client is gone.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The same for a client that never answered: its request may be forged, and must not hold a place for long.
    /// A true client asks again, and then begins anew.
    /// </summary>
    public TimeSpan GiveUpUnanswered { get; init; } = TimeSpan.FromSeconds(10);
}
