using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols;
using NetDeploy.Server.Enrolment;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Boot;

/// <summary>Declares on an endpoint that the token of a held machine opens it: it tells and asks, and changes no machine.</summary>
internal sealed record RequiresHoldToken;

/// <summary>What a held machine tells and asks (PROTOCOL.md).</summary>
internal static class HoldRoutes
{
    public static void MapHold(this IEndpointRouteBuilder routes, HoldDesk desk, Func<BootNetworks> networks)
    {
        var group = routes.MapGroup("/hold/{mac}").AddEndpointFilter((invocation, next) => BootListener.RefuseStrangersAsync(invocation, next, networks));

        group.MapPost("/inventory", (string mac, HttpContext context) => AuthorisedAsync(desk, mac, context, async (held, network) =>
        {
            if (await KeyValueText.BodyAsync(context.Request, KeyValueText.Limit, context.RequestAborted).ConfigureAwait(false) is not { } body)
            {
                return DeployRoutes.TooLong();
            }

            desk.Inventory(held, network, KeyValueText.Parse(body));
            return DeployRoutes.Text("ok");
        })).WithMetadata(new RequiresHoldToken());

        group.MapGet("/state", (string mac, HttpContext context) => AuthorisedAsync(desk, mac, context, async (held, network) =>
        {
            var answer = await desk.AskAsync(held, network, context.RequestAborted).ConfigureAwait(false);
            return DeployRoutes.Text($"{answer.Word} {BootScripts.Plain(answer.Text)}");
        })).WithMetadata(new RequiresHoldToken());
    }

    private static async Task<IResult> AuthorisedAsync(HoldDesk desk, string mac, HttpContext context, Func<MacAddress, string, Task<IResult>> handle)
    {
        if (!MacAddress.TryParse(mac, CultureInfo.InvariantCulture, out var held))
        {
            return DeployRoutes.Text($"'{BootScripts.Plain(mac)}' is no MAC address", StatusCodes.Status400BadRequest);
        }

        var source = context.Connection.RemoteIpAddress ?? IPAddress.None;
        return desk.Refuse(held, DeployRoutes.BearerOf(context.Request), source.Plain()) is { } refusal
            ? DeployRoutes.Text(refusal, StatusCodes.Status403Forbidden)
            : await handle(held, context.Features.GetRequiredFeature<NetworkSpecRef>().Network.Name).ConfigureAwait(false);
    }
}
