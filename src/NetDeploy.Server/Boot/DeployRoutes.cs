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
    private const long LogAccepted = 64L << 20;

    /// <summary>More than a machine has; a report is a neighbour's text as much as a machine's.</summary>
    private const int UndrivenNoted = 8;

    private delegate Task<IResult> Handler(DeploymentService deployments, Caller caller, HttpRequest request, CancellationToken cancellationToken);

    private delegate Task<IResult> ReportHandler(DeploymentService deployments, Caller caller, List<KeyValuePair<string, string>> body, CancellationToken cancellationToken);

    public static void MapDeploy(this IEndpointRouteBuilder routes, DeploymentService deployments, DeploymentPlans plans)
    {
        var group = routes.MapGroup("/deploy/{id}");

        Post("inventory", TokenPhase.Deploy, Report(InventoryAsync));
        Post("claim", TokenPhase.Deploy, Report(ClaimAsync));
        Post("progress", TokenPhase.Deploy, Report(ProgressAsync));
        Post("host-keys", TokenPhase.Deploy, HostKeysAsync);
        Post("log", TokenPhase.Deploy, LogAsync);
        Post("failed", TokenPhase.Deploy, Report(FailedAsync));
        Post("written", TokenPhase.Deploy, Report(WrittenAsync));
        Post("installed", TokenPhase.FirstBoot, Report(InstalledAsync));
        Post("task", TokenPhase.FirstBoot, Report(TaskAsync));
        Get("plan", plans.PlanAsync);
        Get("image", plans.ImageAsync);

        // An installer's downloader sends no header of ours, so the token stands in the address.
        group.MapGet("preseed/{token}", (string id, string token, HttpContext context) => AuthorisedAsync(
            deployments, id, TokenPhase.Deploy, context, (_, caller, request, cancel) => plans.AnswersAsync(caller, request, cancel), token))
            .WithMetadata(new RequiresToken(TokenPhase.Deploy));

        void Post(string path, TokenPhase phase, Handler handle) =>
            group.MapPost(path, (string id, HttpContext context) => AuthorisedAsync(deployments, id, phase, context, handle)).WithMetadata(new RequiresToken(phase));

        void Get(string path, Func<Caller, HttpRequest, CancellationToken, Task<IResult>> handle) =>
            group.MapGet(path, (string id, HttpContext context) => AuthorisedAsync(
                deployments, id, TokenPhase.Deploy, context, (_, caller, request, cancel) => handle(caller, request, cancel)))
                .WithMetadata(new RequiresToken(TokenPhase.Deploy));
    }

    private static async Task<IResult> AuthorisedAsync(DeploymentService deployments, string id, TokenPhase phase, HttpContext context, Handler handle, string? token = null)
    {
        var source = context.Connection.RemoteIpAddress ?? IPAddress.None;
        var authentication = await deployments.AuthenticateAsync(id, token ?? BearerOf(context.Request), source, phase, context.RequestAborted).ConfigureAwait(false);
        return authentication.Caller is { } caller
            ? await handle(deployments, caller, context.Request, context.RequestAborted).ConfigureAwait(false)
            : Text(authentication.Refusal ?? "refused", StatusCodes.Status403Forbidden);
    }

    /// <summary>A report of <c>key=value</c> lines.</summary>
    private static Handler Report(ReportHandler handle) => async (deployments, caller, request, cancel) =>
        await KeyValueText.BodyAsync(request, KeyValueText.Limit, cancel).ConfigureAwait(false) is { } body
            ? await handle(deployments, caller, KeyValueText.Parse(body), cancel).ConfigureAwait(false)
            : TooLong();

    private static async Task<IResult> InventoryAsync(
        DeploymentService deployments, Caller caller, List<KeyValuePair<string, string>> body, CancellationToken cancellationToken)
    {
        var answer = await deployments.InventoryAsync(caller, body, cancellationToken).ConfigureAwait(false);
        foreach (var device in body.Where(p => p.Key == "undriven").Take(UndrivenNoted))
        {
            deployments.Note(caller.MachineId, TimelineNote.Of("inventory", TimelineSeverity.Warning, $"no driver took the device {device.Value}"));
        }

        return Answer(answer);
    }

    private static async Task<IResult> ClaimAsync(
        DeploymentService deployments, Caller caller, List<KeyValuePair<string, string>> body, CancellationToken cancellationToken)
    {
        var disks = string.Join("; ", body.Where(p => p.Key == "disk").Select(p => p.Value));
        return await deployments.ClaimAsync(caller, disks, cancellationToken).ConfigureAwait(false) switch
        {
            DeploymentAnswer.ClaimGranted => Text("granted"),
            DeploymentAnswer.Refused refused => Text($"refused {refused.Reason}"),
            DeploymentAnswer.Recorded recorded => Text($"refused {recorded.Reason}"),
            var other => throw new InvalidOperationException($"A claim was answered {other}."),
        };
    }

    private static async Task<IResult> ProgressAsync(
        DeploymentService deployments, Caller caller, List<KeyValuePair<string, string>> body, CancellationToken cancellationToken) =>
        body.First("step") is { } step
            ? Answer(await deployments.ProgressAsync(caller, new DeploymentProgress(step, body.Number("percent"), body.First("detail")), cancellationToken).ConfigureAwait(false))
            : Text("no step=NAME in the body", StatusCodes.Status400BadRequest);

    private static async Task<IResult> HostKeysAsync(DeploymentService deployments, Caller caller, HttpRequest request, CancellationToken cancellationToken) =>
        await KeyValueText.BodyAsync(request, KeyValueText.Limit, cancellationToken).ConfigureAwait(false) is { } body
            ? Answer(await deployments.HostKeysAsync(caller, Encoding.UTF8.GetString(body).Split('\n'), cancellationToken).ConfigureAwait(false))
            : TooLong();

    private static async Task<IResult> LogAsync(DeploymentService deployments, Caller caller, HttpRequest request, CancellationToken cancellationToken)
    {
        var log = await KeyValueText.TailAsync(request, LogKept, LogAccepted, cancellationToken).ConfigureAwait(false);
        // The environment filters its token; a kernel message that slipped through must not store it either.
        var kept = await deployments.LogAsync(caller, Redact(log, BearerOf(request)!), cancellationToken).ConfigureAwait(false);
        return kept.Refusal is { } refusal ? Text($"{refusal.Reason} {refusal.Remedy}", StatusCodes.Status413PayloadTooLarge) : Answer(kept.Value!);
    }

    private static async Task<IResult> FailedAsync(
        DeploymentService deployments, Caller caller, List<KeyValuePair<string, string>> body, CancellationToken cancellationToken) =>
        Answer(await deployments.FailedAsync(caller, body.First("step") ?? "unknown step", body.First("reason") ?? "no reason given", cancellationToken).ConfigureAwait(false));

    private static async Task<IResult> WrittenAsync(
        DeploymentService deployments, Caller caller, List<KeyValuePair<string, string>> body, CancellationToken cancellationToken) =>
        Answer(await deployments.WrittenAsync(caller, body.First("bootorder"), body.Number("seconds"), cancellationToken).ConfigureAwait(false));

    private static async Task<IResult> InstalledAsync(
        DeploymentService deployments, Caller caller, List<KeyValuePair<string, string>> body, CancellationToken cancellationToken)
    {
        var hostKeys = body.Where(p => p.Key == "hostkey").Select(p => p.Value);
        return Answer(await deployments.InstalledAsync(
            caller, body.First("kernel"), body.First("hostname"), body.First("address"), hostKeys, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<IResult> TaskAsync(
        DeploymentService deployments, Caller caller, List<KeyValuePair<string, string>> body, CancellationToken cancellationToken) =>
        body.First("kind") is { } kind && body.First("name") is { } name && body.First("ended") is { } ended
            ? Answer(await deployments.TaskAsync(
                caller, new FirstBootTask(kind, name, ended, body.Number("seconds") ?? 0), body.Where(p => p.Key == "output").Select(p => p.Value), cancellationToken).ConfigureAwait(false))
            : Text("no kind=, name= and ended= in the body", StatusCodes.Status400BadRequest);

    internal static IResult Text(string line, int status = StatusCodes.Status200OK) => new PlainText(line + "\n", status);

    internal static IResult TooLong() => Text("the body is longer than any honest report", StatusCodes.Status413PayloadTooLarge);

    private static IResult Answer(DeploymentAnswer answer) => answer switch
    {
        DeploymentAnswer.Accepted => Text("ok"),
        DeploymentAnswer.Recorded recorded => Text($"recorded, but {recorded.Reason}"),
        DeploymentAnswer.Refused refused => Text(refused.Reason, StatusCodes.Status409Conflict),
        _ => throw new InvalidOperationException($"A report was answered {answer}."),
    };

    internal static string? BearerOf(HttpRequest request) =>
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
