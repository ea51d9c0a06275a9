namespace NetDeploy.Server.Leases;

/// <summary>How a journal is batched and compacted.</summary>
public sealed record JournalCommitterOptions
{
    /// <summary>A batch of so many entries is written at once.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>The first entry of a smaller batch waits no longer than this.</summary>
    public TimeSpan BatchTime { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Entries waiting; further ones are refused, and their clients ask again.</summary>
    public int QueueLimit { get; init; } = 4096;

    /// <summary>Bytes from which the journal is compacted; more where its living records alone are half of that.</summary>
    public long CompactAt { get; init; } = 4 << 20;
}
