namespace NetDeploy.Lab.Tests.Kills;

/// <summary>What answers said of one deployment. A moment is a tick of the ledger's own clock: what came before what.</summary>
internal sealed class KnownDeployment(string id, string machine)
{
    public const long Never = long.MaxValue;

    public string Id { get; } = id;

    public string Machine { get; } = machine;

    public List<KnownBoot> Boots { get; } = [];

    /// <summary>The boot whose claim was granted.</summary>
    public KnownBoot? Claimant { get; set; }

    public long ClaimedAt { get; set; } = Never;

    public long WrittenAt { get; set; } = Never;

    public long EndedAt { get; set; } = Never;

    /// <summary>The state that an answer said it ended in.</summary>
    public string? End { get; set; }

    /// <summary>Something was sent that ends what a claim permits; whether it was heard is not known.</summary>
    public bool MayBePastClaim { get; set; }

    /// <summary>The furthest state that an answer said.</summary>
    public string Reached { get; set; } = "preparing";

    /// <summary>Kind and text of entries that must be in the timeline because a report was answered <c>ok</c>.</summary>
    public List<(string Kind, string Text)> MustTell { get; } = [];

    /// <summary>The SHA-256 of logs that may be the newest; null: none was uploaded.</summary>
    public HashSet<string?> Logs { get; } = [null];
}
