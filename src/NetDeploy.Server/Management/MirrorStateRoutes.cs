using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NetDeploy.Client;
using NetDeploy.Server.Mirror;

namespace NetDeploy.Server.Management;

/// <summary>The mirrors that machines reach through the server: what they hold and did, and emptying one.</summary>
internal static class MirrorStateRoutes
{
    public static void MapMirrors(this IEndpointRouteBuilder api, ManagementServices services)
    {
        api.MapGet("/mirrors", async (CancellationToken cancellationToken) =>
        {
            await Task.WhenAll(services.Mirrors.Select(m => m.Ready)).WaitAsync(cancellationToken).ConfigureAwait(false);
            return TypedResults.Json(services.Mirrors.Select(View).ToArray(), NetDeployJson.Default.MirrorViewArray);
        });

        api.MapPost("/mirrors/{name}/clear", async Task<IResult> (string name, CancellationToken cancellationToken) =>
        {
            if (services.Mirrors.FirstOrDefault(m => m.Config.Name == name) is not { } mirror)
            {
                return Problems.Refuse(
                    StatusCodes.Status404NotFound,
                    $"There is no mirror '{name}'.",
                    services.Mirrors.Count == 0 ? "Name one in the configuration, below mirrors:." : $"There are {string.Join(", ", services.Mirrors.Select(m => m.Config.Name))}.");
            }

            try
            {
                await mirror.ClearAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (MirrorFault fault)
            {
                return Problems.Refuse(fault.Status, $"{fault.Message}.", fault.Remedy);
            }

            return TypedResults.Json(View(mirror), NetDeployJson.Default.MirrorView);
        });
    }

    private static MirrorView View(CachedMirror mirror) => new(
        mirror.Config.Name,
        mirror.Config.Upstream.AbsoluteUri,
        mirror.Files,
        mirror.Bytes,
        mirror.Config.MaxSize,
        mirror.Counters.Hits,
        mirror.Counters.Misses,
        mirror.Counters.StaleAnswers,
        mirror.Counters.Failures,
        mirror.Counters.Served,
        mirror.Counters.FetchedBytes,
        Told(mirror.Fault),
        mirror.Counters.Unkept,
        Told(mirror.Shortage));

    private static string? Told(MirrorFault? fault) => fault is null ? null : $"{fault.Message}. {fault.Remedy}";
}
