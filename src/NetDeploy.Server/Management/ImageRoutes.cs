using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NetDeploy.Client;
using NetDeploy.Core.Images;
using NetDeploy.Server.Images;

namespace NetDeploy.Server.Management;

/// <summary>Images: what there is, and a new build of one from the repositories' state of now.</summary>
internal static class ImageRoutes
{
    public static void MapImages(this IEndpointRouteBuilder api, ManagementServices services)
    {
        api.MapGet("/images", () => TypedResults.Json(
            services.Images.Entries.Select(e => e.Key).Union(services.Images.Failures.Select(f => f.Key), StringComparer.Ordinal)
                .Select(key => View(services.Images, key)).ToArray(),
            NetDeployJson.Default.ImageViewArray));

        api.MapPost("/machines/{name}/image", IResult (string name) =>
        {
            var snapshot = services.Documents.Current.Snapshot;
            if (!snapshot.Machines.TryGetValue(name, out var machine))
            {
                return Problems.NotFound(name);
            }

            var resolved = snapshot.Resolve(machine);
            if (resolved.Value is not { } recipe)
            {
                return Problems.Refuse(StatusCodes.Status409Conflict, $"The recipe of {name} does not resolve.", "Mend what the diagnostics name and apply it.", [.. resolved.Diagnostics.Select(DocumentRoutes.View)]);
            }

            var key = ImageKey.Of(recipe.Image).Value;
            services.Images.Refresh(key, recipe.Image);
            return TypedResults.Json(View(services.Images, key), NetDeployJson.Default.ImageView);
        });
    }

    private static ImageView View(ImageStore images, string key)
    {
        var entry = images.Find(key);
        var (state, reason) = images.State(key) switch
        {
            ImageState.Failed { Failure: var failure } => ("failed", $"{failure.Reason} {failure.Remedy}"),
            ImageState.Pending => ("building", null),
            _ => ("ready", (string?)null),
        };
        return new ImageView(
            key, entry?.Id, entry?.Current.Bytes, entry?.Current.BuiltAt.ToUnixTimeMilliseconds(), state, reason, [.. entry?.Earlier.Select(e => e.Id) ?? []]);
    }
}
