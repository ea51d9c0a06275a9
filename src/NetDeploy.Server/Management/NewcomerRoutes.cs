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

namespace NetDeploy.Server.Management;

/// <summary>Machines that no document names: looked at, and adopted.</summary>
internal static class NewcomerRoutes
{
    public static void MapNewcomers(this IEndpointRouteBuilder api, ManagementServices services)
    {
        api.MapGet("/unknown/{mac}", IResult (string mac) => Find(services, mac) is { } seen
            ? TypedResults.Json(Explanations.View(seen, services, MachineRoutes.AddressOf(services, seen.Mac), explained: true), NetDeployJson.Default.UnknownClientView)
            : NotSeen(mac));

        api.MapPost("/unknown/{mac}/adopt", (string mac, AdoptRequest request, CancellationToken cancellationToken) => AdoptAsync(services, mac, request, cancellationToken));
    }

    private static async Task<IResult> AdoptAsync(ManagementServices services, string mac, AdoptRequest request, CancellationToken cancellationToken)
    {
        if (Find(services, mac) is not { } seen)
        {
            return NotSeen(mac);
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
                new AdoptResult(machine.Name, new DeployResult(deployment.Id, deployment.State.Word(), OrderRoutes.Instruction(services, machine.Name, deployment))),
                NetDeployJson.Default.AdoptResult)
            : OrderRoutes.Refuse(
                new Refusal($"{mac} is {machine.Name} now, but is not deployed: {order.Refusal!.Reason}", $"{order.Refusal.Remedy} Then: netdeploy deploy {machine.Name}"),
                [.. order.Diagnostics.Select(DocumentRoutes.View)]);
    }

    private static SeenMachine? Find(ManagementServices services, string mac) =>
        MacAddress.TryParse(mac, CultureInfo.InvariantCulture, out var known) ? services.Desk.Seen.Find(known) : null;

    private static JsonHttpResult<ProblemView> NotSeen(string mac) => Problems.Refuse(
        StatusCodes.Status404NotFound, $"Nobody with the MAC '{mac}' was seen asking since the server started.",
        "List who was with 'netdeploy machines'; boot it from the network, or apply a document of kind Machine.");
}
