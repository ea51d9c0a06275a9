using System.Collections.Immutable;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Enrolment;

/// <summary>What the rules of a network say of a newcomer.</summary>
/// <param name="Policy">For machines that no rule enrols.</param>
/// <param name="Rule">The rule that fits and may enrol it; null: none does now.</param>
/// <param name="Verdicts">The rules that were tried, in their order.</param>
public sealed record EnrolmentJudgement(UnknownMachines Policy, EnrolmentRule? Rule, ImmutableArray<RuleVerdict> Verdicts)
{
    /// <summary>A network without an Enrolment document.</summary>
    public static EnrolmentJudgement None { get; } = new(UnknownMachines.LocalBoot, null, []);

    public bool IsUndecided => Verdicts is [.., { Outcome: RuleOutcome.Undecided }];

    /// <summary>Why no rule enrols it, for the console and <c>show</c>.</summary>
    public string Why => Verdicts switch
    {
        [] => "no rule enrols machines of its network",
        [.., { Outcome: not RuleOutcome.Differs } last] => $"rule {last.Rule}: {last.Reason}",
        [var only] => $"rule {only.Rule} does not fit: {only.Reason}",
        _ => $"none of {Verdicts.Length} enrolment rules fits",
    };
}
