using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NetDeploy.Client;
using NetDeploy.Core.Profiles;
using NetDeploy.Server.Documents;

namespace NetDeploy.Server.Management;

/// <summary>The desired state: apply, what became of it, and export.</summary>
internal static class DocumentRoutes
{
    private const int MaxWaitSeconds = 30;

    /// <summary>Names in one answer; all of them are in the list of machines.</summary>
    private const int MaxNames = 100;

    public static void MapDocuments(this IEndpointRouteBuilder api, ManagementServices services)
    {
        api.MapGet("/documents", () =>
        {
            var state = services.Documents.Current;
            return TypedResults.Json(
                new DocumentsView(state.Revision, [.. state.Applied.Select(t => new DocumentText(t.Path, t.Content))]), NetDeployJson.Default.DocumentsView);
        });

        api.MapPost("/apply", (ApplyRequest request, CancellationToken cancellationToken) => ApplyAsync(services, request, cancellationToken));

        api.MapGet("/rendering", async (int? wait, CancellationToken cancellationToken) => TypedResults.Json(
            View(await services.Application.RenderedAsync(Patience(wait ?? 0), cancellationToken).ConfigureAwait(false), services.Documents.Current.Revision),
            NetDeployJson.Default.RenderingView));
    }

    private static async Task<IResult> ApplyAsync(ManagementServices services, ApplyRequest request, CancellationToken cancellationToken)
    {
        if (request.Documents.Any(d => d is null))
        {
            return Problems.Refuse(StatusCodes.Status400BadRequest, "A document is null.", "Send path and content of each.");
        }

        SourceText[] texts = [.. request.Documents.Select(d => new SourceText(d.Path, d.Content))];
        var outcome = await services.Application.ApplyAsync(texts, request.Revision, request.Prune, request.CheckOnly, cancellationToken).ConfigureAwait(false);
        var rendering = outcome.Accepted
            ? View(await services.Application.RenderedAsync(Patience(request.WaitSeconds), cancellationToken).ConfigureAwait(false), outcome.State.Revision)
            : null;
        var count = outcome.Candidate is { } compiled ? texts.Sum(t => compiled.DocumentsIn(t.Path)) : DocumentSet.Count(texts);
        return TypedResults.Json(
            new ApplyResult(outcome.Accepted, outcome.State.Revision, outcome.State.Snapshot.Machines.Count, [.. outcome.Diagnostics.Select(View)], count, rendering,
                [.. outcome.Removed.Select(d => new RemovedDocument(d.Kind, d.Name, d.File))]),
            NetDeployJson.Default.ApplyResult);
    }

    private static TimeSpan Patience(int seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds, 0, MaxWaitSeconds));

    private static RenderingView View(RenderingState state, long inForce) => new(
        state.Revision,
        state.Result is not null && state.Revision == inForce,
        state.Result?.Machines ?? 0,
        state.Result?.Shapes ?? 0,
        Math.Round(state.Seconds, 3),
        state.Result?.Failed.Count ?? 0,
        [.. state.Result?.Failed.Keys.Order(StringComparer.Ordinal).Take(MaxNames) ?? []],
        [.. state.Result?.Findings.Select(f => View(f.Told)) ?? []],
        state.Revision == inForce ? state.Broken : null);

    internal static DiagnosticView View(Diagnostic d) =>
        new(d.Severity.ToString().ToLowerInvariant(), d.File, d.Line, d.Column, d.Path, d.Message, d.Remedy.Length > 0 ? d.Remedy : null);
}
