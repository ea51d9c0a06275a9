using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NetDeploy.Client;

namespace NetDeploy.Server.Management;

/// <summary>Secrets go in and never come out: names and versions are all that can be read.</summary>
internal static class SecretRoutes
{
    public static void MapSecrets(this IEndpointRouteBuilder api, ManagementServices services)
    {
        api.MapGet("/secrets", () => TypedResults.Json(
            services.Secrets.Names.Select(s => new SecretView(s.Key, s.Value)).ToArray(), NetDeployJson.Default.SecretViewArray));

        api.MapPut("/secrets/{name}", (string name, SecretValue value) =>
        {
            var view = new SecretView(name, services.Secrets.Set(name, value.Value));
            services.Application.RenderAgain();
            return TypedResults.Json(view, NetDeployJson.Default.SecretView);
        });
    }
}
