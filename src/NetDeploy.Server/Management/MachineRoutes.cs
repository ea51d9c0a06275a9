using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NetDeploy.Client;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Targets;

namespace NetDeploy.Server.Management;

/// <summary>Machines, their timelines and logs: read; and a machine forgotten.</summary>
internal static class MachineRoutes
{
    private const int MaxWaitSeconds = 30;

    public static void MapMachines(this IEndpointRouteBuilder api, ManagementServices services)
    {
        api.MapGet("/machines", () => TypedResults.Json(
            new MachineListView([.. services.Deployments.Machines.Machines.Select(m => View(m, services))], [.. Unknown(services)]),
            NetDeployJson.Default.MachineListView));

        api.MapGet("/machines/{name}", IResult (string name) =>
            Find(services, name) is { } machine
                ? TypedResults.Json(
                    View(machine, services) with { Why = Explanations.Of(machine, services), Findings = Findings(machine.Name, services) }, NetDeployJson.Default.MachineView)
                : Problems.NotFound(name));

        api.MapGet("/machines/{name}/timeline", async Task<IResult> (string name, long? after, int? wait, CancellationToken cancellationToken) =>
        {
            if (services.Deployments.Machines.ByName(name) is null)
            {
                return Problems.NotFound(name);
            }

            var entries = await TimelineAsync(services, name, after ?? 0, Math.Clamp(wait ?? 0, 0, MaxWaitSeconds), cancellationToken).ConfigureAwait(false);
            return TypedResults.Json(entries, NetDeployJson.Default.TimelineViewArray);
        });

        api.MapGet("/machines/{name}/log", async Task<IResult> (string name, CancellationToken cancellationToken) =>
        {
            if (services.Deployments.Machines.ByName(name) is not { } machine)
            {
                return Problems.NotFound(name);
            }

            var deployment = await services.Deployments.LoggedAsync(machine.Id, cancellationToken).ConfigureAwait(false);
            if (deployment?.LogHash is not { } hash || services.Bulk.Open(hash) is not { } file)
            {
                return Problems.Refuse(StatusCodes.Status404NotFound, $"No log of {name} was uploaded.", $"Its timeline is in: netdeploy show {name}");
            }

            using var reader = new StreamReader(file, Encoding.UTF8);
            return TypedResults.Json(new LogView(deployment.Id, hash, await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false)), NetDeployJson.Default.LogView);
        });

        api.MapDelete("/machines/{name}", async Task<IResult> (string name, CancellationToken cancellationToken) =>
        {
            if (Find(services, name) is not { } machine)
            {
                return Problems.NotFound(name);
            }

            var forgotten = await services.Application.ForgetAsync(machine.Name, cancellationToken).ConfigureAwait(false);
            if (forgotten.Refusal is { } refusal)
            {
                return OrderRoutes.Refuse(refusal);
            }

            // Whoever gets its name next gets its address with it.
            foreach (var mac in machine.Binding.Macs)
            {
                await services.Leases.ForgetAsync(mac).ConfigureAwait(false);
            }

            return TypedResults.NoContent();
        });
    }

    internal static MachineView View(Machine machine, ManagementServices services)
    {
        var deployment = services.Deployments.Current(machine.Id);
        services.Documents.Current.Snapshot.Machines.TryGetValue(machine.Name, out var spec);
        var mac = machine.Binding.Macs is [var first, ..] ? first : (Protocols.MacAddress?)null;
        return new MachineView(
            machine.Name,
            machine.Kind.ToString().ToLowerInvariant(),
            spec?.Profiles ?? [],
            spec?.Distro,
            spec?.Method.ToString().ToLowerInvariant(),
            machine.Protected,
            machine.Quarantine is not null ? "quarantined" : deployment?.State.Word() ?? "new",
            deployment?.Progress?.Step,
            deployment?.Progress?.Percent,
            machine.Quarantine?.Reason ?? deployment?.Reason ?? (spec is null ? "no document describes it any more" : null),
            [.. machine.Binding.Macs.Select(m => m.ToString())],
            machine.Binding.Uuid?.ToString(),
            machine.Binding.Serial,
            (mac is { } known ? AddressOf(services, known) : null) ?? spec?.Address?.ToString() ?? machine.Observed?.Address?.ToString(),
            deployment?.Id,
            deployment?.ImageId,
            machine.Observed?.HostKeys ?? [],
            spec?.EnrolledBy,
            Fault: services.Application.Rendering is { Result: { } rendered } && rendered.Failed.TryGetValue(machine.Name, out var fault) ? $"{fault.Message} {fault.Remedy}" : null,
            RecipeRevision: services.Application.Rendering.LastGood.TryGetValue(machine.Name, out var revision) ? revision : null);
    }

    /// <summary>As a grant would find them: of the documents in force, whatever the background has done yet.</summary>
    private static DiagnosticView[] Findings(string name, ManagementServices services)
    {
        var snapshot = services.Documents.Current.Snapshot;
        var secrets = services.Secrets.Reveal();
        return snapshot.Machines.TryGetValue(name, out var spec)
            ? [.. Rendering.Check(snapshot, spec, recipe => SecretCheck.Run(recipe, secrets, Severity.Warning)).Select(DocumentRoutes.View)]
            : [];
    }

    /// <summary>By its name, or by a MAC of its hardware.</summary>
    internal static Machine? Find(ManagementServices services, string who) =>
        services.Deployments.Machines.ByName(who)
        ?? (Protocols.MacAddress.TryParse(who, System.Globalization.CultureInfo.InvariantCulture, out var mac)
            && services.Deployments.Machines.Match(new HardwareClues(mac)) is MachineMatch.Found found ? found.Machine : null);

    /// <summary>Who asked and is no machine's hardware now.</summary>
    private static IEnumerable<UnknownClientView> Unknown(ManagementServices services) =>
        services.Desk.Seen.List()
            .Where(s => services.Deployments.Machines.Match(new HardwareClues(s.Mac)) is MachineMatch.Unknown)
            .Select(s => Explanations.View(s, services, AddressOf(services, s.Mac), explained: false));

    internal static string? AddressOf(ManagementServices services, Protocols.MacAddress mac) =>
        services.Leases.FindByMac(mac) is [var lease, ..] ? lease.Address.ToString() : null;

    private static async Task<TimelineView[]> TimelineAsync(ManagementServices services, string name, long after, int wait, CancellationToken cancellationToken)
    {
        var page = await services.Deployments.TimelineAsync(name, after, cancellationToken: cancellationToken).ConfigureAwait(false);
        if (page is { Entries.IsEmpty: true } && wait > 0)
        {
            // Long polling: the subscription wakes at the first entry, and the page then holds all that came with it.
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(TimeSpan.FromSeconds(wait));
            try
            {
                await foreach (var _ in services.Deployments.SubscribeAsync(name, after, patience.Token).ConfigureAwait(false))
                {
                    break;
                }

                page = await services.Deployments.TimelineAsync(name, after, cancellationToken: cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return [];
            }
        }

        return page is null ? [] : [.. page.Entries.Select(View)];
    }

    private static TimelineView View(TimelineEntry entry) =>
        new(entry.Sequence, entry.At.ToUnixTimeMilliseconds(), entry.Kind, entry.Text, entry.DeploymentId,
            new Dictionary<string, string> { ["severity"] = entry.Severity.ToString().ToLowerInvariant() });
}
