using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NetDeploy.Client;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Protocols;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Documents;

namespace NetDeploy.Server.Management;

/// <summary>Ordering: deploy, replace, release, cancel.</summary>
internal static class OrderRoutes
{
    public static void MapOrders(this IEndpointRouteBuilder api, ManagementServices services)
    {
        api.MapPost("/machines/{name}/deploy", (string name, DeployRequest request, CancellationToken cancellationToken) =>
            DeployAsync(services, name, request, cancellationToken));

        api.MapPost("/machines/{name}/replace", (string name, ReplaceRequest request, CancellationToken cancellationToken) =>
            ReplaceAsync(services, name, request, cancellationToken));

        api.MapPost("/machines/{name}/release", async Task<IResult> (string name, CancellationToken cancellationToken) =>
            services.Deployments.Machines.ByName(name) is null
                ? Problems.NotFound(name)
                : Done((await services.Deployments.ReleaseAsync(name, cancellationToken).ConfigureAwait(false)).Refusal));

        api.MapPost("/machines/{name}/cancel", async Task<IResult> (string name, CancellationToken cancellationToken) =>
            services.Deployments.Machines.ByName(name) is null
                ? Problems.NotFound(name)
                : Done((await services.Deployments.CancelAsync(name, "operator", cancellationToken).ConfigureAwait(false)).Refusal));
    }

    private static async Task<IResult> DeployAsync(ManagementServices services, string name, DeployRequest request, CancellationToken cancellationToken)
    {
        if (services.Deployments.Machines.ByName(name) is null)
        {
            return Problems.NotFound(name);
        }

        InstallMethod? method = null;
        if (request.Method is not null)
        {
            if (!Enum.TryParse<InstallMethod>(request.Method, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
            {
                return Problems.Refuse(StatusCodes.Status400BadRequest, $"There is no method '{request.Method}'.", "The methods are image and installer.");
            }

            method = parsed;
        }

        var result = await services.Orders.DeployAsync(name, request.Distro, method, request.Confirm, "operator", cancellationToken).ConfigureAwait(false);
        return Deployed(services, name, result);
    }

    private static async Task<IResult> ReplaceAsync(ManagementServices services, string name, ReplaceRequest request, CancellationToken cancellationToken)
    {
        if (services.Deployments.Machines.ByName(name) is not { } machine)
        {
            return Problems.NotFound(name);
        }

        var macs = new List<MacAddress>();
        foreach (var text in request.Macs)
        {
            if (!MacAddress.TryParse(text, CultureInfo.InvariantCulture, out var mac) || mac.IsMulticast || mac.IsZero)
            {
                return Problems.Refuse(StatusCodes.Status400BadRequest, $"'{text}' is no machine's MAC address.", "Write it as 52:54:00:12:34:56.");
            }

            macs.Add(mac);
        }

        Guid? uuid = null;
        if (request.Uuid is not null)
        {
            if (!Guid.TryParse(request.Uuid, out var parsed))
            {
                return Problems.Refuse(StatusCodes.Status400BadRequest, $"'{request.Uuid}' is no UUID.", "Write it as dmidecode prints it.");
            }

            uuid = parsed;
        }

        if (machine.Protected)
        {
            return Refuse(DeploymentService.Protected(name));
        }

        if (machine.HoldsSystem() && request.Confirm != name)
        {
            return Refuse(DeploymentService.Unconfirmed(name));
        }

        // Before anything moves: what would refuse the deploy afterwards in any case.
        if (request.Deploy && services.Orders.Objection(name) is { Refusal: { } objection } unfit)
        {
            return Refuse(objection, Views(unfit));
        }

        var hardware = new Binding { Macs = [.. macs], Uuid = uuid, Serial = request.Serial };
        var moved = await services.Deployments.ReplaceAsync(name, hardware, services.Application.DocumentedHardware(name), cancellationToken).ConfigureAwait(false);
        if (moved.Refusal is { } refusal)
        {
            return Refuse(refusal);
        }

        // The old hardware's lease would keep the reserved address from the new one.
        foreach (var old in machine.Binding.Macs.Except(macs))
        {
            await services.Leases.ForgetAsync(old).ConfigureAwait(false);
        }

        services.Application.RefreshAddresses();
        if (!request.Deploy)
        {
            return TypedResults.Json(new DeployResult("", "replaced", null, name), NetDeployJson.Default.DeployResult);
        }

        var result = await services.Orders.DeployAsync(name, null, null, name, "operator", cancellationToken).ConfigureAwait(false);
        return result.Refusal is { } late
            ? Refuse(new Refusal($"{name} moved to the new hardware, but is not deployed: {late.Reason}", $"{late.Remedy} Then: netdeploy deploy {name}"), Views(result))
            : Deployed(services, name, result);
    }

    private static IResult Deployed(ManagementServices services, string name, OrderResult result) => result.Deployment is { } deployment
        ? TypedResults.Json(new DeployResult(deployment.Id, deployment.State.Word(), Instruction(services, name, deployment), name), NetDeployJson.Default.DeployResult)
        : Refuse(result.Refusal!, Views(result));

    /// <summary>
    /// A machine that boots before its grant gets its local disk, and the order waits for another boot. With an image that is
    /// there the grant comes before anyone can reach the button.
    /// </summary>
    internal static string? Instruction(ManagementServices services, string name, Deployment deployment) =>
        services.Orders.Instruction(name) is not { } power ? null
        : deployment.State != DeploymentState.Preparing || deployment.Installer is not null || services.Images.State(deployment.ImageKey!) is Images.ImageState.Ready ? power
        : $"Its image is being built: power {name} on when its timeline says so.";

    private static DiagnosticView[] Views(OrderResult result) => [.. result.Diagnostics.Select(DocumentRoutes.View)];

    private static IResult Done(Refusal? refusal) => refusal is null ? TypedResults.NoContent() : Refuse(refusal);

    internal static JsonHttpResult<ProblemView> Refuse(Refusal refusal, IReadOnlyList<DiagnosticView>? diagnostics = null) =>
        Problems.Refuse(StatusCodes.Status409Conflict, refusal.Reason, refusal.Remedy, diagnostics, refusal.Confirm);
}
