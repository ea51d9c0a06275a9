using System.Collections.Immutable;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Enrolment;

/// <summary>
/// Which rule takes a newcomer. The order is that of the documents' names, then of the rules in each; the first that fits decides, also
/// where it then cannot enrol: a machine must not fall through a full or broken rule into the profile of another one.
/// </summary>
public static class EnrolmentRules
{
    /// <param name="enrolled">How many machines the rule of this id has enrolled.</param>
    public static EnrolmentJudgement Judge(Snapshot documents, Newcomer machine, Func<string, int> enrolled)
    {
        var policy = UnknownMachines.LocalBoot;
        var verdicts = ImmutableArray.CreateBuilder<RuleVerdict>();
        EnrolmentRule? taken = null;
        foreach (var document in documents.Enrolments.Values.Where(e => e.Network == machine.Network))
        {
            policy = document.Unknown ?? policy;
            foreach (var rule in document.Rules)
            {
                if (verdicts is [.., { Outcome: not RuleOutcome.Differs }])
                {
                    break;
                }

                var verdict = Try(documents, rule, machine, enrolled);
                verdicts.Add(verdict);
                taken = verdict.Outcome == RuleOutcome.Fits ? rule : null;
            }
        }

        return new EnrolmentJudgement(policy, taken, verdicts.ToImmutable());
    }

    /// <summary>True where some rule or policy of the network may start the deploy environment on a machine that no document names.</summary>
    public static bool Concerns(Snapshot documents, string network) =>
        documents.Enrolments.Values.Any(e => e.Network == network && (e.Unknown == UnknownMachines.Hold || !e.Rules.IsEmpty));

    private static RuleVerdict Try(Snapshot documents, EnrolmentRule rule, Newcomer machine, Func<string, int> enrolled)
    {
        if (Difference(rule.Match, machine) is { } difference)
        {
            return new(rule.Id, RuleOutcome.Differs, difference);
        }

        if (Missing(rule, machine) is { } missing)
        {
            return new(rule.Id, RuleOutcome.Undecided, missing);
        }

        if (rule.Fault is { } fault)
        {
            return new(rule.Id, RuleOutcome.Blocked, $"it enrols nobody, since {fault}");
        }

        // The wrong processor's system would not start: the next boot would find a written disk and no reason.
        if (machine.Architecture is { } architecture && documents.Distros.GetValueOrDefault(rule.Distro)?.Architecture is { } built && built != architecture)
        {
            return new(rule.Id, RuleOutcome.Blocked, $"{rule.Distro} is for {built}, and the machine is {architecture}");
        }

        return enrolled(rule.Id) >= rule.Limit
            ? new(rule.Id, RuleOutcome.Blocked, $"it has enrolled {rule.Limit} machines, its limit")
            : new(rule.Id, RuleOutcome.Fits, $"it enrols as {rule.NamePattern.Text}");
    }

    /// <summary>The first thing known that is not as the rule asks; null where there is none.</summary>
    private static string? Difference(EnrolmentMatch match, Newcomer machine)
    {
        var mac = machine.Mac.ToString();
        if (!match.MacPrefixes.IsEmpty && !match.MacPrefixes.Any(p => mac.StartsWith(p, StringComparison.Ordinal)))
        {
            return $"the MAC {mac} does not begin with {string.Join(" or ", match.MacPrefixes)}";
        }

        if (machine.AskedDhcp)
        {
            if (match.Relay is { } relay && !relay.Equals(machine.Relay))
            {
                return machine.Relay is null ? "it came through no relay that the network names" : $"it came through the relay {machine.Relay}";
            }

            if (SlotDifference("circuit", match.CircuitId, machine.CircuitId) is { } circuit)
            {
                return circuit;
            }

            if (SlotDifference("remote", match.RemoteId, machine.RemoteId) is { } remote)
            {
                return remote;
            }

            if (match.Architecture is { } architecture && architecture != machine.Architecture)
            {
                return $"its architecture is {machine.Architecture ?? "another"}";
            }

            if (match.Firmware is { } firmware && firmware != machine.Firmware)
            {
                return $"its firmware is {machine.Firmware ?? "another"}";
            }
        }

        return machine.Smbios is not { } smbios ? null
            : SmbiosDifference("vendor", match.Vendor, smbios.Vendor)
            ?? SmbiosDifference("product", match.Product, smbios.Product)
            ?? SmbiosDifference("serial number", match.Serial, smbios.Serial);
    }

    private static string? SlotDifference(string what, string? glob, string? hex)
    {
        if (glob is null)
        {
            return null;
        }

        return hex is null ? $"no trusted relay told its {what} id"
            : Glob.Fits(glob, hex) || (Newcomer.TextOf(hex) is { } text && Glob.Fits(glob, text)) ? null
            : $"its {what} id is {Newcomer.TextOf(hex) ?? hex}";
    }

    private static string? SmbiosDifference(string what, string? glob, string value) =>
        glob is null || Glob.Fits(glob, value) ? null : value.Length == 0 ? $"it has no {what}" : $"its {what} is '{value}'";

    private static string? Missing(EnrolmentRule rule, Newcomer machine)
    {
        var match = rule.Match;
        var byDhcp = match.Relay is not null || match.IsBySlot || match.Architecture is not null || match.Firmware is not null || rule.NamePattern.NeedsSlot;
        return byDhcp && !machine.AskedDhcp ? "the server has not heard it ask DHCP since it started"
            : rule.NeedsSmbios && machine.Smbios is null ? "its vendor, product and serial number are not told yet"
            : null;
    }
}
