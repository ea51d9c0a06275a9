using System.Collections.Immutable;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Profiles.Documents;
using NetDeploy.Core.Targets;

namespace NetDeploy.Core.Profiles;

/// <summary>
/// Tries what each enrolment rule would make of a machine. A rule that makes nothing installable enrols nobody, and a warning at its line says
/// so: the rest of the set serves on, since machines that nobody has yet are no reason to refuse the others.
/// </summary>
internal static class EnrolmentCheck
{
    public static Snapshot Run(Snapshot snapshot, DiagnosticBag diagnostics) =>
        snapshot.With(snapshot.Enrolments.ToImmutableSortedDictionary(
            e => e.Key,
            e => e.Value with { Rules = [.. e.Value.Rules.Select(rule => Checked(snapshot, e.Value, rule, diagnostics))] },
            StringComparer.Ordinal));

    private static EnrolmentRule Checked(Snapshot snapshot, EnrolmentSpec document, EnrolmentRule rule, DiagnosticBag diagnostics)
    {
        if (Fault(snapshot, document, rule) is not var (key, fault, remedy))
        {
            return rule;
        }

        diagnostics.Warning(rule.Origin!.Value, $"{Paths.Item("rules", rule.Name)}.{key}", $"the rule enrols nobody: {fault}", remedy);
        return rule with { Fault = fault.TrimEnd('.') };
    }

    private static (string Key, string Fault, string Remedy)? Fault(Snapshot snapshot, EnrolmentSpec document, EnrolmentRule rule)
    {
        if (!snapshot.Distros.ContainsKey(rule.Distro))
        {
            return ("distro", $"there is no distro '{rule.Distro}'.", Spelling.Remedy(rule.Distro, snapshot.Distros.Keys));
        }

        if (rule.Profiles.FirstOrDefault(p => !snapshot.Profiles.ContainsKey(p)) is { } missing)
        {
            return ("profiles", $"there is no profile '{missing}'.", Spelling.Remedy(missing, snapshot.Profiles.Keys));
        }

        if (snapshot.Networks.GetValueOrDefault(document.Network) is { } network)
        {
            if (rule.Addresses is not null && network.Mode != NetworkMode.Authoritative)
            {
                return ("addresses", $"another server hands out the addresses of network '{network.Name}'.", "Remove addresses from the rule.");
            }

            if (rule.Addresses is { } range && !(NetworkDocument.IsHost(network.Subnet, range.First) && NetworkDocument.IsHost(network.Subnet, range.Last)
                && NetworkDocument.Number(range.First) <= NetworkDocument.Number(range.Last)))
            {
                return ("addresses", $"{range.First} to {range.Last} is no range of host addresses of {network.Subnet}.", "Write first and last in their order, both within the network.");
            }

            if (rule.Match.Relay is { } relay && !network.Relays.Contains(relay))
            {
                return ("match.relay", $"network '{network.Name}' does not name the relay {relay}, so what it says is not believed.", "Add it to relays in the Network document.");
            }

            if ((rule.Match.IsBySlot || rule.NamePattern.NeedsSlot) && network.Relays.IsEmpty)
            {
                return ("match", $"network '{network.Name}' names no relay, so nothing tells where a machine is plugged in.", "List the relays whose option 82 is believed in its Network document: relays.");
            }
        }

        var resolved = snapshot.Resolve(new MachineSpec { Name = "machine", Distro = rule.Distro, Profiles = rule.Profiles, Method = rule.Method });
        return resolved.Diagnostics.Concat(resolved.Value is { } recipe ? TargetCatalog.Check(recipe) : [])
            .FirstOrDefault(d => d.Severity == Severity.Error) is { } error
            ? ("profiles", $"what it installs does not render: {(error.Path.Length > 0 ? error.Path + ": " : "")}{error.Message}", error.Remedy)
            : null;
    }
}
