using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NetDeploy.Core.Deployments;
using NetDeploy.Server.Deployments;

namespace NetDeploy.Server.Boot;

/// <summary>What the deploy environment and the installed system ask and report; each request carries a token (PROTOCOL.md).</summary>
internal static class DeployRoutes
{
    private const int LogKept = 4 << 20;
    /// <summary>More than a machine has; a report is a neighbour's text as much as a machine's.</summary>
    private const int UndrivenNoted = 8;

    private const long LogAccepted = 64L << 20;

    public static void MapDeploy(this IEndpointRouteBuilder routes, DeploymentService deployments, DeploymentPlans plans)
    {
        var group = routes.MapGroup("/deploy/{id}");

        Post(group, "inventory", TokenPhase.Deploy, async (caller, request, cancel) =>
        {
            if (await BodyAsync(request, cancel).ConfigureAwait(false) is not { } body)
            {
                return TooLong();
            }

            var answer = await deployments.InventoryAsync(caller, body, cancel).ConfigureAwait(false);
            foreach (var device in body.Where(p => p.Key == "undriven").Take(UndrivenNoted))
            {
                deployments.Note(caller.MachineId, TimelineNote.Of("inventory", TimelineSeverity.Warning, $"no driver took the device {device.Value}"));
            }

            return Answer(answer);
        });

        Post(group, "claim", TokenPhase.Deploy, async (caller, request, cancel) =>
            await BodyAsync(request, cancel).ConfigureAwait(false) is not { } body
                ? TooLong()
                : await deployments.ClaimAsync(caller, string.Join("; ", body.Where(p => p.Key == "disk").Select(p => p.Value)), cancel).ConfigureAwait(false) switch
                {
                    DeploymentAnswer.ClaimGranted => Text("granted"),
                    DeploymentAnswer.Refused refused => Text($"refused {refused.Reason}"),
                    DeploymentAnswer.Recorded recorded => Text($"refused {recorded.Reason}"),
                    var other => throw new InvalidOperationException($"A claim was answered {other}."),
                });

        Post(group, "progress", TokenPhase.Deploy, async (caller, request, cancel) =>
            await BodyAsync(request, cancel).ConfigureAwait(false) is { } body && body.First("step") is { } step
                ? Answer(await deployments.ProgressAsync(caller, new DeploymentProgress(step, body.Number("percent"), body.First("detail")), cancel).ConfigureAwait(false))
                : Text("no step=NAME in the body", StatusCodes.Status400BadRequest));

        Post(group, "host-keys", TokenPhase.Deploy, async (caller, request, cancel) =>
            await KeyValueText.BodyAsync(request, KeyValueText.Limit, cancel).ConfigureAwait(false) is { } body
                ? Answer(await deployments.HostKeysAsync(caller, Encoding.UTF8.GetString(body).Split('\n'), cancel).ConfigureAwait(false))
                : TooLong());

        Post(group, "log", TokenPhase.Deploy, async (caller, request, cancel) =>
        {
            var log = await KeyValueText.TailAsync(request, LogKept, LogAccepted, cancel).ConfigureAwait(false);
            // The environment filters its token; a kernel message that slipped through must not store it either.
            var kept = await deployments.LogAsync(caller, Redact(log, BearerOf(request)!), cancel).ConfigureAwait(false);
            return kept.Refusal is { } refusal ? Text($"{refusal.Reason} {refusal.Remedy}", StatusCodes.Status413PayloadTooLarge) : Answer(kept.Value!);
        });

        Post(group, "failed", TokenPhase.Deploy, async (caller, request, cancel) =>
            await BodyAsync(request, cancel).ConfigureAwait(false) is { } body
                ? Answer(await deployments.FailedAsync(caller, body.First("step") ?? "unknown step", body.First("reason") ?? "no reason given", cancel).ConfigureAwait(false))
                : TooLong());

        Post(group, "written", TokenPhase.Deploy, async (caller, request, cancel) =>
            await BodyAsync(request, cancel).ConfigureAwait(false) is { } body
                ? Answer(await deployments.WrittenAsync(caller, body.First("bootorder"), body.Number("seconds"), cancel).ConfigureAwait(false))
                : TooLong());

        Post(group, "installed", TokenPhase.FirstBoot, async (caller, request, cancel) =>
            await BodyAsync(request, cancel).ConfigureAwait(false) is { } body
                ? Answer(await deployments.InstalledAsync(
                    caller, body.First("kernel"), body.First("hostname"), body.First("address"), body.Where(p => p.Key == "hostkey").Select(p => p.Value), cancel).ConfigureAwait(false))
                : TooLong());

        Get(group, "plan", plans.PlanAsync);
        Get(group, "image", plans.ImageAsync);

        void Post(IEndpointRouteBuilder at, string path, TokenPhase phase, Func<Caller, HttpRequest, CancellationToken, Task<IResult>> handle) =>
            at.MapPost(path, (string id, HttpContext context) => Authorised(id, phase, context, handle)).WithMetadata(new RequiresToken(phase));

        void Get(IEndpointRouteBuilder at, string path, Func<Caller, HttpRequest, CancellationToken, Task<IResult>> handle) =>
            at.MapGet(path, (string id, HttpContext context) => Authorised(id, TokenPhase.Deploy, context, handle)).WithMetadata(new RequiresToken(TokenPhase.Deploy));

        async Task<IResult> Authorised(string id, TokenPhase phase, HttpContext context, Func<Caller, HttpRequest, CancellationToken, Task<IResult>> handle)
        {
            var source = context.Connection.RemoteIpAddress ?? IPAddress.None;
            var authentication = await deployments.AuthenticateAsync(id, BearerOf(context.Request), source, phase, context.RequestAborted).ConfigureAwait(false);
            return authentication.Caller is { } caller
                ? await handle(caller, context.Request, context.RequestAborted).ConfigureAwait(false)
                : Text(authentication.Refusal ?? "refused", StatusCodes.Status403Forbidden);
        }
    }

    internal static IResult Text(string line, int status = StatusCodes.Status200OK) => new PlainText(line + "\n", status);

    private static IResult TooLong() => Text("the body is longer than any honest report", StatusCodes.Status413PayloadTooLarge);

    private static IResult Answer(DeploymentAnswer answer) => answer switch
    {
        DeploymentAnswer.Accepted => Text("ok"),
        DeploymentAnswer.Recorded recorded => Text($"recorded, but {recorded.Reason}"),
        DeploymentAnswer.Refused refused => Text(refused.Reason, StatusCodes.Status409Conflict),
        _ => throw new InvalidOperationException($"A report was answered {answer}."),
    };

    private static async Task<List<KeyValuePair<string, string>>?> BodyAsync(HttpRequest request, CancellationToken cancellationToken) =>
        await KeyValueText.BodyAsync(request, KeyValueText.Limit, cancellationToken).ConfigureAwait(false) is { } body ? KeyValueText.Parse(body) : null;

    private static string? BearerOf(HttpRequest request) =>
        request.Headers.Authorization.ToString() is var header && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[7..].Trim() : null;

    private static byte[] Redact(byte[] log, string token)
    {
        var needle = Encoding.ASCII.GetBytes(token);
        for (var at = log.AsSpan().IndexOf(needle); at >= 0; at = log.AsSpan().IndexOf(needle))
        {
            log.AsSpan(at, needle.Length).Fill((byte)'*');
        }

        return log;
    }
}
