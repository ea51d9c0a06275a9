using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using NetDeploy.Client;

namespace NetDeploy.Server.Management;

/// <summary>Refusals: what is wrong, and the remedy.</summary>
internal static class Problems
{
    public static JsonHttpResult<ProblemView> Refuse(int status, string title, string? remedy = null, IReadOnlyList<DiagnosticView>? diagnostics = null, string? confirm = null) =>
        TypedResults.Json(new ProblemView(title, remedy, status, diagnostics, confirm), NetDeployJson.Default.ProblemView, "application/problem+json", status);

    public static JsonHttpResult<ProblemView> NotFound(string machine) =>
        Refuse(StatusCodes.Status404NotFound, $"There is no machine '{machine}'.", "List them with 'netdeploy machines'; a new one comes from a document of kind Machine and 'netdeploy apply'.");
}
