using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Protocols;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Enrolment;

/// <summary>
/// Makes machines of newcomers, by rule or by an operator's word. Names and addresses are chosen while no other documents can come into force,
/// and the document is durable before anything else: a kill in between leaves a machine that the next request finds and goes on with.
/// </summary>
internal sealed class Enroller(
    DocumentStore documents, DocumentApplication application, DeploymentService deployments, DeployOrders orders, ILeaseTable leases, TimeProvider clock, ILogger logger)
{
    private readonly EnrolmentBudget _budget = new(clock);
    private volatile Counts _counts = new(Snapshot.Empty);
    private volatile HardwareOwners _owners = new(MachineIndex.Empty, Snapshot.Empty);

    private Snapshot Documents => documents.Current.Snapshot;

    /// <summary>
    /// What the rules in force say of it. A machine whose UUID or serial number is another's is none of theirs: one blade never becomes two machines.
    /// Of one that told neither nobody can know that, so no rule has its disk written.
    /// </summary>
    public EnrolmentJudgement Judge(Newcomer newcomer)
    {
        var judged = EnrolmentRules.Judge(Documents, newcomer, CountOf);
        if (judged.Rule is not { } rule)
        {
            return judged;
        }

        if (Owners.Of(newcomer) is var (owner, key))
        {
            return Blocked(judged, rule, $"its {key} is that of {owner}. To give it that name: netdeploy replace {owner} --mac {newcomer.Mac}");
        }

        return rule.Grant && HardwareIdentity.Of(newcomer.Uuid, newcomer.Smbios?.Serial) is null
            ? Without(judged, rule, RuleOutcome.Undecided, "it told no UUID or serial number of its own, so it may be another NIC of a machine that is installed")
            : judged;
    }

    /// <summary>Whether newcomers of this network are to say what they are.</summary>
    public bool Asks(string network) => EnrolmentRules.Concerns(Documents, network);

    /// <summary>The machine was enrolled or adopted, and nothing was ever installed on it. Never so of one that another store enrolled: that one knows, this one does not.</summary>
    public bool IsNew(Machine machine) => machine.InstalledDeploymentId is null && SpecOf(machine.Name) is { EnrolledBy: not null } spec && spec.EnrolledIn == deployments.Generation;

    public IPAddress? ReservedFor(string machine) => SpecOf(machine)?.Address;

    /// <summary>Enrols a newcomer by the rule that was found for it, and orders its deployment where the rule says so.</summary>
    /// <returns>The judgement as it is now: without a rule, where the machine is enrolled or the rule takes it not.</returns>
    public async Task<EnrolmentJudgement> EnrolAsync(Newcomer newcomer, EnrolmentJudgement judged, CancellationToken cancellationToken)
    {
        try
        {
            return await RecordDocumentedAsync(newcomer.Mac, cancellationToken).ConfigureAwait(false)
                ? judged with { Rule = null }
                : await TakeInAsync(newcomer, judged, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StoreException or ServerFault)
        {
            // A full disk, mostly. It gets what machines get that no rule takes, and asks again.
            var rule = judged.Rule?.Id ?? "";
            EnrolmentLog.NotEnrolled(logger, newcomer.Mac, rule, e.Message);
            return judged.Rule is { } fitted ? Blocked(judged, fitted, $"the server cannot store it now: {e.Message.TrimEnd('.')}") : judged;
        }
    }

    /// <summary>Its document is in force and the store refused its record, or nobody lived to write it: so now.</summary>
    private async Task<bool> RecordDocumentedAsync(MacAddress mac, CancellationToken cancellationToken)
    {
        if (Owners.DocumentOf(mac) is not { } name || deployments.Machines.ByName(name) is not null)
        {
            return false;
        }

        var put = await application.RecordAsync(name, cancellationToken).ConfigureAwait(false);
        if (put.Value is not { } machine)
        {
            return false;
        }

        await EnsureGrantAsync(machine, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task<EnrolmentJudgement> TakeInAsync(Newcomer newcomer, EnrolmentJudgement judged, CancellationToken cancellationToken)
    {
        if (judged.Rule is not { } rule)
        {
            return judged;
        }

        using var turn = _budget.TryTake();
        if (turn is null)
        {
            // It waits where it can be asked again, whatever the policy is for machines that no rule takes.
            return Blocked(judged, rule, string.Create(CultureInfo.InvariantCulture, $"{EnrolmentBudget.PerMinute} machines were enrolled in the last minute; it waits for its turn"))
                with { Policy = UnknownMachines.Hold };
        }

        // What was judged may not be so any more: the first word under the lock is the rules' again.
        var again = judged;
        var made = await application.AddMachineAsync(
            now =>
            {
                again = Judge(newcomer);
                return again.Rule is { } same && Draft(now, same, newcomer) is var drafted ? drafted : new(null, new Refusal($"{newcomer.Mac}: {again.Why}.", "Look at the rules."));
            },
            cancellationToken).ConfigureAwait(false);
        if (made.Machine is not { } machine)
        {
            EnrolmentLog.NotEnrolled(logger, newcomer.Mac, rule.Id, made.Refusal!.Reason);
            return again.Rule is null ? again : Blocked(again, again.Rule, made.Refusal.Reason.TrimEnd('.'));
        }

        turn.Keep();
        EnrolmentLog.Enrolled(logger, newcomer.Mac, machine.Name, rule.Id);
        deployments.Note(machine.Id, TimelineNote.Of("enrolled", TimelineSeverity.Info, $"enrolled by {string.Join("; ", judged.Verdicts)}"));
        await EnsureGrantAsync(machine, cancellationToken).ConfigureAwait(false);
        return again with { Rule = null };
    }

    /// <summary>
    /// The one deployment that a rule gives its machine. Also after a restart between the two steps of an enrolment; never a second one, whatever became
    /// of the first, and none by a rule that is gone, grants no more, or granted not yet when it took the machine in. Where documents moved to another
    /// store nothing is granted: its records begin anew, and the machines hold their systems.
    /// </summary>
    public async Task EnsureGrantAsync(Machine machine, CancellationToken cancellationToken)
    {
        if (machine.DeploymentId is not null || SpecOf(machine.Name) is not { EnrolledBy: { } by, RuleGrants: true } spec || spec.EnrolledIn != deployments.Generation
            || RuleOf(by) is not { Grant: true, Fault: null } rule)
        {
            return;
        }

        Refusal? refusal;
        try
        {
            refusal = (await orders.DeployFirstAsync(machine.Name, $"the enrolment rule {rule.Id}", cancellationToken).ConfigureAwait(false)).Refusal;
        }
        catch (Exception e) when (e is StoreException or ServerFault)
        {
            refusal = new Refusal($"The server cannot store that now: {e.Message}", "It is granted with a later boot.");
        }

        if (refusal is not null && deployments.Machines.ByName(machine.Name) is { DeploymentId: null })
        {
            EnrolmentLog.NotDeployed(logger, machine.Name, refusal.Reason, refusal.Remedy);
            deployments.Note(machine.Id, TimelineNote.Of("enrolled", TimelineSeverity.Warning, $"not deployed: {refusal.Reason} {refusal.Remedy}"));
        }
    }

    /// <summary>Makes a machine of a newcomer as an operator wants it.</summary>
    /// <param name="name">Null: made of the MAC.</param>
    /// <param name="distro">Null: that of all documented machines.</param>
    public Task<AddedMachine> AdoptAsync(
        Newcomer newcomer, string? name, ImmutableArray<string> profiles, string? distro, IPAddress? address, CancellationToken cancellationToken) =>
        application.AddMachineAsync(
            now =>
            {
                var called = name ?? "machine-" + newcomer.Mac.ToString().Replace(":", "", StringComparison.Ordinal);
                if (MachineText.NameFault(called) is { } fault)
                {
                    return new(null, new Refusal($"'{called}' {fault}", "Take a name such as web1."));
                }

                if (now.Machines.ContainsKey(called) || deployments.Machines.ByName(called) is not null)
                {
                    return new(null, new Refusal($"There is a machine {called} already.", $"Take another name; or give this hardware that one: netdeploy replace {called} --mac {newcomer.Mac}"));
                }

                if (MachineOf(newcomer.Mac) is { } owner)
                {
                    return new(null, Owned(newcomer.Mac, owner));
                }

                if ((distro ?? OnlyDistro(now)) is not { } system)
                {
                    return new(null, new Refusal("The distribution is not named.", $"Add --distro: {string.Join(", ", now.Distros.Keys)}."));
                }

                return new(Text(newcomer, called, MachineText.Operator) with { Distro = system, Profiles = profiles, Address = address }, null);
            },
            cancellationToken);

    private CommandResult<MachineText> Draft(Snapshot now, EnrolmentRule rule, Newcomer newcomer)
    {
        // Two packets of one blade: the second finds what the first made.
        if (MachineOf(newcomer.Mac) is { } already)
        {
            return new(null, new Refusal($"it is {already} already", $"netdeploy show {already}"));
        }

        var (name, nameless) = rule.NamePattern.Name(
            newcomer, taken => now.Machines.ContainsKey(taken) || deployments.Machines.ByName(taken) is not null, MostNames(rule));
        if (name is null)
        {
            return new(null, new Refusal(nameless!, "Change namePattern, or adopt the machine."));
        }

        IPAddress? address = null;
        if (rule.Addresses is { } range)
        {
            var network = now.Networks.GetValueOrDefault(newcomer.Network);
            var used = now.Machines.Values.Select(m => m.Address).OfType<IPAddress>()
                .Concat(deployments.Machines.Machines.SelectMany(m => m.Addresses)).Append(network?.Router).Concat(application.ServerAddresses).ToHashSet();
            address = FreeAddress.In(range, a => used.Contains(a) || (leases.FindByAddress(a) is { } holder && holder.Mac != newcomer.Mac));
            if (address is null)
            {
                return new(null, new Refusal($"no address from {range.First} to {range.Last} is free", "Widen addresses of the rule."));
            }
        }

        return new(
            Text(newcomer, name, rule.Id) with
            {
                RuleGrants = rule.Grant,
                Distro = rule.Distro,
                Profiles = rule.Profiles,
                Method = rule.Method,
                Address = address,
                Slot = rule.Match.IsBySlot || rule.NamePattern.NeedsSlot ? new SlotSpec(newcomer.CircuitId, newcomer.RemoteId) : null,
            },
            null);
    }

    private MachineText Text(Newcomer newcomer, string name, string by) => new()
    {
        Name = name,
        EnrolledBy = by,
        EnrolledIn = deployments.Generation,
        Mac = newcomer.Mac,
        // A UUID that many boards share tells nothing, and one that another machine has would refuse the document.
        Uuid = newcomer.Uuid is { } uuid && !SmbiosUuid.IsJunk(uuid) && Owners.OfUuid(uuid) is null ? uuid : null,
        Serial = newcomer.Smbios?.Serial,
    };

    /// <summary>As many names as it may give, and as many again for those that others have.</summary>
    private static int MostNames(EnrolmentRule rule) => (2 * rule.Limit) + 1000;

    private static EnrolmentJudgement Blocked(EnrolmentJudgement judged, EnrolmentRule rule, string reason) => Without(judged, rule, RuleOutcome.Blocked, reason);

    private static EnrolmentJudgement Without(EnrolmentJudgement judged, EnrolmentRule rule, RuleOutcome outcome, string reason) =>
        judged with { Rule = null, Verdicts = [.. judged.Verdicts.Where(v => v.Rule != rule.Id), new RuleVerdict(rule.Id, outcome, reason)] };

    private static string? OnlyDistro(Snapshot now) =>
        now.Machines.Values.Select(m => m.Distro).OfType<string>().Distinct().Take(2).ToArray() is [var only] ? only
        : now.Distros.Count == 1 ? now.Distros.Keys.Single() : null;

    /// <summary>Hardware that is a machine already is no newcomer.</summary>
    internal static Refusal Owned(MacAddress mac, string owner) => new($"MAC {mac} belongs to {owner}.", $"Show it with: netdeploy show {owner}");

    private string? MachineOf(MacAddress mac) =>
        deployments.Machines.Match(new HardwareClues(mac)) is MachineMatch.Found found ? found.Machine.Name : Owners.DocumentOf(mac);

    /// <summary>Asked for with each packet of a newcomer, and the same until a machine or a document changes.</summary>
    private HardwareOwners Owners
    {
        get
        {
            var owners = _owners;
            var (machines, documented) = (deployments.Machines, Documents);
            return owners.IsOf(machines, documented) ? owners : _owners = new HardwareOwners(machines, documented);
        }
    }

    private MachineSpec? SpecOf(string name) => Documents.Machines.GetValueOrDefault(name);

    private EnrolmentRule? RuleOf(string id) => Documents.Enrolments.Values.SelectMany(e => e.Rules).FirstOrDefault(r => r.Id == id);

    /// <summary>Asked for with each packet of a newcomer, and the same until documents change.</summary>
    private int CountOf(string rule)
    {
        var counts = _counts;
        if (counts.Of != Documents)
        {
            _counts = counts = new Counts(Documents);
        }

        return counts.ByRule.GetValueOrDefault(rule);
    }

    private sealed class Counts(Snapshot of)
    {
        public Snapshot Of { get; } = of;

        public Dictionary<string, int> ByRule { get; } = of.Machines.Values.Where(m => m.EnrolledBy is not null).CountBy(m => m.EnrolledBy!).ToDictionary(StringComparer.Ordinal);
    }
}
