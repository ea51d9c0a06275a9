using System.Collections.Immutable;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles;

/// <summary>What must hold between documents: names that exist, no cycles, no hardware or address given twice.</summary>
internal static class ReferenceCheck
{
    private const int MaxGenerations = 32;

    public static void Run(Snapshot snapshot, IReadOnlyCollection<DocumentEntry> documents, DiagnosticBag diagnostics)
    {
        var whole = new WholeDocuments();
        foreach (var document in documents)
        {
            switch (document.Kind)
            {
                case "Machine" when !IsFine(snapshot, (MachineSpec)document.Spec):
                    CheckMachine(snapshot, whole.Of(document), diagnostics);
                    break;
                case "Profile":
                    CheckNames(document.Whole!, "parents", snapshot.Profiles.Keys, "profile", diagnostics);
                    CheckCycle(snapshot, document.Whole!, diagnostics);
                    break;
                case "Enrolment":
                    CheckName(document.Whole!, "network", snapshot.Networks.Keys, "network", diagnostics);
                    CheckEnrolment(snapshot, document.Whole!, diagnostics);
                    break;
            }
        }

        CheckSubnets([.. documents.Select(d => d.Whole).OfType<LoadedDocument>()], diagnostics);
        CheckUnique(documents, diagnostics, "MAC address", m => m.Binding.Macs, "binding.macs");
        CheckUnique(documents, diagnostics, "UUID", m => m.Binding.Uuid is { } uuid ? [uuid] : ImmutableArray<Guid>.Empty, "binding.uuid");
        CheckUnique(documents, diagnostics, "address", m => m.Address is { } address ? [address] : ImmutableArray<System.Net.IPAddress>.Empty, "address");
    }

    /// <summary>Whether <see cref="CheckMachine"/> would find nothing, told from the record alone: so it is nearly always.</summary>
    private static bool IsFine(Snapshot snapshot, MachineSpec machine) =>
        machine.Distro is { } distro && snapshot.Distros.ContainsKey(distro)
        && (machine.Platform is null || snapshot.Platforms.ContainsKey(machine.Platform))
        && machine.Profiles.All(p => snapshot.Profiles.TryGetValue(p, out var profile) && !profile.Site)
        && machine.Profiles.Distinct(StringComparer.Ordinal).Count() == machine.Profiles.Length
        && (machine.Binding.Slot is null || snapshot.Networks.Values.Any(n => !n.Relays.IsEmpty))
        && (machine.Address is not { } address
            || (snapshot.Networks.Values.Any(n => n.Subnet.PrefixLength > 0 && NetworkDocument.IsHost(n.Subnet, address))
                && snapshot.Networks.Values.All(n => !address.Equals(n.Router))));

    private static void CheckMachine(Snapshot snapshot, LoadedDocument document, DiagnosticBag diagnostics)
    {
        var body = document.Body;
        if (body.Has("distro"))
        {
            CheckName(document, "distro", snapshot.Distros.Keys, "distro", diagnostics);
        }
        else
        {
            diagnostics.Error(body.At, "distro", "the machine names no distro.", Spelling.Remedy("", snapshot.Distros.Keys));
        }

        CheckName(document, "platform", snapshot.Platforms.Keys, "platform", diagnostics);
        CheckNames(document, "profiles", snapshot.Profiles.Keys, "profile", diagnostics);
        foreach (var name in body.Texts("profiles").Where(p => snapshot.Profiles.TryGetValue(p, out var profile) && profile.Site))
        {
            diagnostics.Error(body.OriginOf("profiles"), "profiles", $"'{name}' is a site profile: every machine has it already.", "Remove it from this list.");
        }

        if (body.Below("binding").Has("slot") && snapshot.Networks.Values.All(n => n.Relays.IsEmpty))
        {
            diagnostics.Warning(body.Below("binding").OriginOf("slot"), "binding.slot", "no network names a relay, so nothing tells where the machine is plugged in.", "List the relays whose option 82 is believed in its Network document: relays.");
        }

        if (body.Address("address") is { } address && !snapshot.Networks.Values.Any(n => n.Subnet.PrefixLength > 0 && NetworkDocument.IsHost(n.Subnet, address)))
        {
            diagnostics.Error(body.OriginOf("address"), "address", $"{address} is a host address of no network.", "Correct it, or add a Network document with its subnet.");
        }

        if (snapshot.Networks.Values.FirstOrDefault(n => n.Router is { } router && router.Equals(body.Address("address"))) is { } routed)
        {
            diagnostics.Error(body.OriginOf("address"), "address", $"{routed.Router} is the router of network '{routed.Name}'.", "Take another address.");
        }
    }

    /// <summary>What would install machines without end, or machines that nobody meant, is refused with its document.</summary>
    private static void CheckEnrolment(Snapshot snapshot, LoadedDocument document, DiagnosticBag diagnostics)
    {
        var body = document.Body;
        if (!body.Has("unknown") && !body.Has("rules"))
        {
            diagnostics.Error(body.At, "rules", "the document neither has rules nor says what happens to unknown machines.", "Add rules, or unknown: local-boot, hold or ignore.");
        }

        if (body.Has("unknown") && snapshot.Enrolments.Values.FirstOrDefault(e => e.Unknown is not null && e.Network == body.Text("network")) is { } first && first.Name != document.Name)
        {
            diagnostics.Error(body.OriginOf("unknown"), "unknown", $"the Enrolment '{first.Name}' says that of network '{first.Network}' already.", "Keep one of them.");
        }

        foreach (var rule in body.Items("rules").Where(r => r.Flag("grant") is true))
        {
            if (!rule.Has("limit"))
            {
                diagnostics.Error(rule.At, rule.PathOf("limit"), "a rule that installs by itself needs a limit: anyone on the segment can make up MACs.", "Write how many such machines there will be at most, such as limit: 16.");
            }

            if (rule.Below("match").Map is not { Entries.IsEmpty: false })
            {
                diagnostics.Error(rule.At, rule.PathOf("match"), "a rule that installs by itself would take every machine of the network.", "Say which ones it means, such as match: {macPrefixes: ['52:54:00']}.");
            }
        }
    }

    private static void CheckNames(LoadedDocument document, string key, IEnumerable<string> known, string what, DiagnosticBag diagnostics)
    {
        if (document.Body.Map?[key] is not ListNode list)
        {
            return;
        }

        foreach (var (index, item) in list.Items.Cast<ScalarNode>().Index())
        {
            var path = Paths.Index(key, index);
            if (!known.Contains(item.Value))
            {
                diagnostics.Error(item.Origin, path, $"there is no {what} '{item.Value}'.", Spelling.Remedy(item.Value, known));
            }
            else if (list.Items.Take(index).Any(i => ((ScalarNode)i).Value == item.Value))
            {
                diagnostics.Error(item.Origin, path, $"'{item.Value}' is in this list twice.", "Keep one of them.");
            }
        }
    }

    private static void CheckName(LoadedDocument document, string key, IEnumerable<string> known, string what, DiagnosticBag diagnostics)
    {
        if (document.Body.Text(key) is { } name && !known.Contains(name))
        {
            diagnostics.Error(document.Body.OriginOf(key), key, $"there is no {what} '{name}'.", Spelling.Remedy(name, known));
        }
    }

    /// <summary>Reported once for each profile that lies on a cycle, or builds on more generations than anyone can follow.</summary>
    private static void CheckCycle(Snapshot snapshot, LoadedDocument document, DiagnosticBag diagnostics)
    {
        var cameFrom = new Dictionary<string, string>(StringComparer.Ordinal);
        var open = new Queue<(string Name, int Generation)>([(document.Name, 0)]);
        while (open.TryDequeue(out var next))
        {
            var (name, generation) = next;
            if (generation > MaxGenerations)
            {
                diagnostics.Error(document.Body.OriginOf("parents"), "parents", $"the profile builds on more than {MaxGenerations} generations of parents.", "Join some of them.");
                return;
            }

            foreach (var parent in snapshot.Profiles.TryGetValue(name, out var profile) ? profile.Parents : [])
            {
                if (parent == document.Name)
                {
                    var way = new List<string> { parent };
                    for (var at = name; at != document.Name; at = cameFrom[at])
                    {
                        way.Add(at);
                    }

                    way.Add(document.Name);
                    way.Reverse();
                    diagnostics.Error(document.Body.OriginOf("parents"), "parents", $"the profile builds on itself: {string.Join(" -> ", way)}.", "Remove one of these parents.");
                    return;
                }

                if (cameFrom.TryAdd(parent, name))
                {
                    open.Enqueue((parent, generation + 1));
                }
            }
        }
    }

    private static void CheckSubnets(ImmutableArray<LoadedDocument> documents, DiagnosticBag diagnostics)
    {
        var seen = new List<(System.Net.IPNetwork Subnet, LoadedDocument Document)>();
        foreach (var document in documents.Where(d => d.Kind == "Network"))
        {
            if (!System.Net.IPNetwork.TryParse(document.Body.Text("subnet") ?? "", out var subnet))
            {
                continue;
            }

            foreach (var other in seen.Where(s => s.Subnet.Contains(subnet.BaseAddress) || subnet.Contains(s.Subnet.BaseAddress)))
            {
                diagnostics.Error(document.Body.OriginOf("subnet"), "subnet", $"{subnet} overlaps network '{other.Document.Name}' ({other.Subnet}).", "Each address belongs to one network.");
            }

            seen.Add((subnet, document));
        }
    }

    private static void CheckUnique<T>(IReadOnlyCollection<DocumentEntry> documents, DiagnosticBag diagnostics, string what, Func<MachineSpec, ImmutableArray<T>> values, string path)
        where T : notnull
    {
        var owners = new Dictionary<T, DocumentEntry>();
        foreach (var document in documents.Where(d => d.Kind == "Machine"))
        {
            foreach (var value in values((MachineSpec)document.Spec))
            {
                if (!owners.TryAdd(value, document))
                {
                    var first = owners[value];
                    diagnostics.Error(document.At, path, $"the {what} {value} also belongs to machine '{first.Name}' ({first.At.Document.File}:{first.At.Line}).", "Each belongs to one machine.");
                }
            }
        }
    }
}
