using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NetDeploy.Client;
using NetDeploy.Core.Deployments;
using NetDeploy.Protocols;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Enrolment;

namespace NetDeploy.Server.Management;

/// <summary>Machines that no document names: looked at, and adopted.</summary>
internal static class NewcomerRoutes
{
    public static void MapNewcomers(this IEndpointRouteBuilder api, ManagementServices services)
    {
        api.MapGet("/unknown/{mac}", IResult (string mac) => Find(services, mac) switch
        {
            (null, var problem) => problem!,
            var (seen, _) => TypedResults.Json(Explanations.View(seen, services, MachineRoutes.AddressOf(services, seen.Mac), explained: true), NetDeployJson.Default.UnknownClientView),
        });

        api.MapPost("/unknown/{mac}/adopt", (string mac, AdoptRequest request, CancellationToken cancellationToken) => AdoptAsync(services, mac, request, cancellationToken));
    }

    private static async Task<IResult> AdoptAsync(ManagementServices services, string mac, AdoptRequest request, CancellationToken cancellationToken)
    {
        var (seen, problem) = Find(services, mac);
        if (seen is null)
        {
            return problem!;
        }

        IPAddress? address = null;
        if (request.Address is not null && (!IPAddress.TryParse(request.Address, out address) || address.AddressFamily != AddressFamily.InterNetwork))
        {
            return Problems.Refuse(StatusCodes.Status400BadRequest, $"'{request.Address}' is no IPv4 address.", "Write it as 10.77.0.21.");
        }

        var adopted = await services.Enroller.AdoptAsync(
            seen.Newcomer, request.Name, [.. request.Profiles ?? []], request.Distro, address, cancellationToken).ConfigureAwait(false);
        if (adopted.Machine is not { } machine)
        {
            return OrderRoutes.Refuse(adopted.Refusal!, [.. adopted.Diagnostics.Select(DocumentRoutes.View)]);
        }

        // It had its lease as a stranger, from the pool; a reserved one is given when it asks again.
        if (!request.Deploy)
        {
            return TypedResults.Json(new AdoptResult(machine.Name, null), NetDeployJson.Default.AdoptResult);
        }

        var order = await services.Orders.DeployAsync(machine.Name, null, null, null, "operator", cancellationToken).ConfigureAwait(false);
        return order.Deployment is { } deployment
            ? TypedResults.Json(
                new AdoptResult(machine.Name, new DeployResult(deployment.Id, deployment.State.Word(), OrderRoutes.Instruction(services, machine.Name, deployment), machine.Name)),
                NetDeployJson.Default.AdoptResult)
            : OrderRoutes.Refuse(
                new Refusal($"{mac} is {machine.Name} now, but is not deployed: {order.Refusal!.Reason}", $"{order.Refusal.Remedy} Then: netdeploy deploy {machine.Name}"),
                [.. order.Diagnostics.Select(DocumentRoutes.View)]);
    }

    /// <summary>Who was seen asking with that MAC, or why there is nobody.</summary>
    private static (SeenMachine? Seen, JsonHttpResult<ProblemView>? Problem) Find(ManagementServices services, string mac)
    {
        if (!MacAddress.TryParse(mac, CultureInfo.InvariantCulture, out var known))
        {
            return (null, Problems.Refuse(StatusCodes.Status400BadRequest, $"'{mac}' is no MAC address.", "Write it as 52:54:00:12:34:56; 'netdeploy machines' lists who was seen asking."));
        }

        if (services.Desk.Seen.Find(known) is { } seen)
        {
            return (seen, null);
        }

        if (services.Deployments.Machines.ByMac(known).FirstOrDefault() is { } owner)
        {
            var owned = Enroller.Owned(known, owner.Name);
            return (null, Problems.Refuse(StatusCodes.Status409Conflict, owned.Reason, owned.Remedy));
        }

        return (null, Problems.Refuse(
            StatusCodes.Status404NotFound, $"Nobody with the MAC '{mac}' was seen asking since the server started.",
            "List who was with 'netdeploy machines'; boot it from the network, or apply a document of kind Machine."));
    }
}
