namespace NetDeploy.Core.Addressing;

/// <summary>A mistake in the networks or reservations that were given, and what to do about it.</summary>
/// <param name="Subject">Whose mistake: <c>network lab</c>, <c>reservation 52:54:00:12:34:56</c>.</param>
public sealed record AddressingDiagnostic(string Subject, string Problem, string Remedy)
{
    /// <summary>The network to blame; null where a reservation is.</summary>
    public string? Network { get; init; }

    /// <summary>The machine whose reservation is to blame.</summary>
    public string? Machine { get; init; }

    public override string ToString() => $"{Subject}: {Problem}; {Remedy}";
}
