namespace NetDeploy.Server;

/// <summary>
/// Why what an operator or a machine asked is not done, and what to do about it. Not exceptional: the caller answers with it. Where
/// the host or the store is at fault, <see cref="ServerFault"/> is thrown.
/// </summary>
public sealed record Refusal(string Reason, string Remedy)
{
    /// <summary>What the operator has to type to have it done nevertheless; null where nothing typed helps.</summary>
    public string? Confirm { get; init; }
}
