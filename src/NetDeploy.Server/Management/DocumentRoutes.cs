using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NetDeploy.Client;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Server.Management;

/// <summary>The desired state: apply, and export.</summary>
internal static class DocumentRoutes
{
    public static void MapDocuments(this IEndpointRouteBuilder api, ManagementServices services)
    {
        api.MapGet("/documents", () =>
        {
            var state = services.Documents.Current;
            return TypedResults.Json(
                new DocumentsView(state.Revision, [.. state.Applied.Select(t => new DocumentText(t.Path, t.Content))]), NetDeployJson.Default.DocumentsView);
        });

        api.MapPost("/apply", async Task<IResult> (ApplyRequest request, CancellationToken cancellationToken) =>
        {
            if (request.Documents.Any(d => d is null))
            {
                return Problems.Refuse(StatusCodes.Status400BadRequest, "A document is null.", "Send path and content of each.");
            }

            SourceText[] texts = [.. request.Documents.Select(d => new SourceText(d.Path, d.Content))];
            var outcome = await services.Application.ApplyAsync(
                texts,
                request.Revision,
                request.Prune,
                request.CheckOnly,
                cancellationToken).ConfigureAwait(false);
            return TypedResults.Json(
                new ApplyResult(outcome.Accepted, outcome.State.Revision, outcome.State.Snapshot.Machines.Count, [.. outcome.Diagnostics.Select(View)], DocumentSet.Count(texts)),
                NetDeployJson.Default.ApplyResult);
        });
    }

    internal static DiagnosticView View(Diagnostic d) =>
        new(d.Severity.ToString().ToLowerInvariant(), d.File, d.Line, d.Column, d.Path, d.Message, d.Remedy.Length > 0 ? d.Remedy : null);
}
