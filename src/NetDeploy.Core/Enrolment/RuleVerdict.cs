namespace NetDeploy.Core.Enrolment;

/// <summary>What came of trying one rule.</summary>
public enum RuleOutcome
{
    /// <summary>Something that it asks for is otherwise: the next rule is tried.</summary>
    Differs,

    /// <summary>It fits; no later rule is tried.</summary>
    Fits,

    /// <summary>What it asks for is not known yet; no later rule is tried, so that the order of the rules holds.</summary>
    Undecided,

    /// <summary>It fits, and enrols nobody now: it is broken, full, or has no name or address left.</summary>
    Blocked,
}

/// <param name="Rule">Its id: document and name.</param>
/// <param name="Reason">Why, as a part of a sentence.</param>
public sealed record RuleVerdict(string Rule, RuleOutcome Outcome, string Reason)
{
    public string Word => Outcome.ToString().ToLowerInvariant();

    public override string ToString() => $"{Rule}: {Word}, {Reason}";
}
