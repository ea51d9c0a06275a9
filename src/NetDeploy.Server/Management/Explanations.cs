using NetDeploy.Client;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Protocols;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Enrolment;

namespace NetDeploy.Server.Management;

/// <summary>Why a machine is where it is, in the order in which an operator asks.</summary>
internal static class Explanations
{
    public static ExplanationView Of(Machine machine, ManagementServices services)
    {
        var mac = machine.Binding.Macs is [var first, ..] ? first : (MacAddress?)null;
        var seen = mac is { } known ? services.Desk.Seen.Find(known) : null;
        var identity = services.Deployments.Machines.Match(new HardwareClues(mac, machine.Binding.Uuid, machine.Binding.Slot)) switch
        {
            MachineMatch.Found found => $"matched by {found.By}, known as {found.Strength.ToString().ToLowerInvariant()}",
            MachineMatch.Conflict conflict => $"conflict: {conflict.Reason}; it boots locally",
            MachineMatch.Unknown => "bound to no hardware that can be matched",
            var other => throw new InvalidOperationException($"A match without a word: {other.GetType().Name}."),
        };
        return new ExplanationView(
            identity,
            null,
            Verdicts(seen?.Judgement),
            Next(machine, services.Deployments.Current(machine.Id), Deploy(machine, services)),
            mac is { } asking && services.Hold.Held.Find(asking) is { } held ? Lines(held)
                : machine.Observed is null ? [] : [.. machine.Observed.Inventory.SelectMany(pair => pair.Value.Select(value => $"{pair.Key}={value}"))]);
    }

    public static ExplanationView Of(SeenMachine seen, ManagementServices services)
    {
        var held = services.Hold.Held.Find(seen.Mac);
        var judged = services.Enroller.Judge(seen.Newcomer);
        var (policy, next) = judged.Policy switch
        {
            UnknownMachines.Hold => ("held in the deploy environment", $"netdeploy adopt {seen.Mac} NAME --profile P --distro D"),
            UnknownMachines.Ignore => ("ignored", $"netdeploy adopt {seen.Mac} NAME --profile P --distro D, and boot it from the network again"),
            _ => ("boots its own disk", $"netdeploy adopt {seen.Mac} NAME --profile P --distro D, and boot it from the network again"),
        };
        return new ExplanationView(
            seen.Reason,
            $"unknown machines of network {(seen.Newcomer.Network.Length > 0 ? seen.Newcomer.Network : "-")}: {policy}",
            Verdicts(seen.Judgement is { Verdicts.IsEmpty: false } last ? last : judged),
            next,
            held is null ? [] : Lines(held));
    }

    public static UnknownClientView View(SeenMachine seen, ManagementServices services, string? address, bool explained)
    {
        var held = services.Hold.Held.Find(seen.Mac);
        return new UnknownClientView(
            seen.Mac.ToString(), seen.Uuid?.ToString(), seen.Architecture ?? "unknown", address, seen.LastSeen.ToUnixTimeMilliseconds(), (int)Math.Min(seen.Times, int.MaxValue),
            held is null ? "seen" : "held",
            Told(seen.Newcomer.Smbios?.Vendor),
            Told(seen.Newcomer.Smbios?.Product),
            Told(seen.Newcomer.Smbios?.Serial),
            seen.Judgement?.Why ?? seen.Reason,
            explained ? Of(seen, services) : null);

        static string? Told(string? text) => text is { Length: > 0 } ? text : null;
    }

    /// <summary>The order, or what to mend before it would be taken.</summary>
    private static string Deploy(Machine machine, ManagementServices services)
    {
        var order = $"netdeploy deploy {machine.Name}";
        if (machine.Protected)
        {
            var refusal = DeploymentService.Protected(machine.Name);
            return $"{refusal.Reason} {refusal.Remedy} Then: {order}";
        }

        return services.Orders.Objection(machine.Name) switch
        {
            null or { Refusal: null } => order,
            { Diagnostics: var diagnostics } when diagnostics.FirstOrDefault(d => d is { Severity: Severity.Error, Line: > 0 }) is { } first =>
                $"mend {first.File}:{first.Line}: {(first.Path.Length > 0 ? first.Path + ": " : "")}{first.Message} {first.Remedy.TrimEnd('.')}. Then: {order}",
            { Refusal: var refusal } => $"{refusal.Reason} {refusal.Remedy}",
        };
    }

    /// <param name="deploy">How it comes to be deployed.</param>
    private static string Next(Machine machine, Deployment? deployment, string deploy)
    {
        var name = machine.Name;
        return (machine, deployment?.State) switch
        {
            ({ Quarantine: not null }, _) => $"netdeploy release {name}, then netdeploy deploy {name}",
            ({ Binding.IsEmpty: true }, _) => $"netdeploy replace {name} --mac MAC",
            (_, null) => deploy,
            (_, DeploymentState.Granted) => $"boot it from the network; netdeploy show {name} --follow",
            (_, DeploymentState.Installed) => $"nothing; to install it again: {deploy}",
            (_, { } state) when state.IsTerminal() => deploy,
            _ => $"wait; netdeploy show {name} --follow",
        };
    }

    private static RuleVerdictView[] Verdicts(EnrolmentJudgement? judged) =>
        [.. (judged?.Verdicts ?? []).Select(v => new RuleVerdictView(v.Rule, v.Word, v.Reason))];

    private static string[] Lines(HeldMachine held) => [.. held.Inventory.Select(p => $"{p.Key}={p.Value}")];
}
