using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Server.Boot;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Management;
using NetDeploy.Server.Mirror;

namespace NetDeploy.Server.Tests;

/// <summary>The whole surface of both listeners: a route that is not declared here fails.</summary>
public sealed class EndpointTests
{
    [Fact]
    public async Task The_boot_listener_has_these_routes_and_each_says_what_lets_it_in() => Assert.Equal(
        [
            "GET /boot/script grant",
            "GET /deploy/{id}/image token Deploy",
            "GET /deploy/{id}/plan token Deploy",
            "GET /deploy/{id}/preseed/{token} token Deploy",
            "GET /hold/{mac}/state token of a held machine",
            "GET,HEAD /boot/environment/{name} reads",
            "GET,HEAD /boot/installers/{distro}/{build}/{name} reads",
            "GET,HEAD /boot/loaders/{name} reads",
            "GET,HEAD /mirror/{name}/{**path} reads",
            "POST /deploy/{id}/claim token Deploy",
            "POST /deploy/{id}/failed token Deploy",
            "POST /deploy/{id}/host-keys token Deploy",
            "POST /deploy/{id}/installed token FirstBoot",
            "POST /deploy/{id}/inventory token Deploy",
            "POST /deploy/{id}/log token Deploy",
            "POST /deploy/{id}/progress token Deploy",
            "POST /deploy/{id}/task token FirstBoot",
            "POST /deploy/{id}/written token Deploy",
            "POST /hold/{mac}/inventory token of a held machine",
        ],
        await RoutesAsync(
            app =>
            {
                app.MapBoot(null!, null!, () => BootNetworks.None);
                app.MapHold(null!, () => BootNetworks.None);
                app.MapDeploy(null!, new DeploymentPlans(null!, null!, null!, null!, NullLogger.Instance));
                new MirrorRoutes(new Dictionary<string, CachedMirror>(), NullLogger.Instance).Map(app, () => BootNetworks.None);
            },
            e => $" {Permission(e)}"));

    [Fact]
    public async Task The_management_listener_has_these_routes_and_none_of_the_boot_network() => Assert.Equal(
        [
            "DELETE /api/v1/machines/{name}",
            "GET /api/v1/documents",
            "GET /api/v1/images",
            "GET /api/v1/machines",
            "GET /api/v1/machines/{name}",
            "GET /api/v1/machines/{name}/log",
            "GET /api/v1/machines/{name}/timeline",
            "GET /api/v1/mirrors",
            "GET /api/v1/rendering",
            "GET /api/v1/secrets",
            "GET /api/v1/status",
            "GET /api/v1/unknown/{mac}",
            "POST /api/v1/apply",
            "POST /api/v1/machines/{name}/cancel",
            "POST /api/v1/machines/{name}/deploy",
            "POST /api/v1/machines/{name}/image",
            "POST /api/v1/machines/{name}/release",
            "POST /api/v1/machines/{name}/replace",
            "POST /api/v1/mirrors/{name}/clear",
            "POST /api/v1/unknown/{mac}/adopt",
            "PUT /api/v1/secrets/{name}",
        ],
        await RoutesAsync(app => app.MapManagement(new ManagementServices(null!, null!, null!, null!, null!, null!, null!, null!, null!, null!, null!, null!, [])), _ => ""));

    private static async Task<IEnumerable<string>> RoutesAsync(Action<WebApplication> map, Func<Endpoint, string> describe)
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();
        map(app);
        return ((IEndpointRouteBuilder)app).DataSources.SelectMany(s => s.Endpoints).Cast<RouteEndpoint>()
            .Select(e => $"{string.Join(',', e.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods)} /{e.RoutePattern.RawText!.TrimStart('/')}{describe(e)}")
            .Order(StringComparer.Ordinal).ToList();
    }

    private static string Permission(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<RequiresToken>() is { } token ? $"token {token.Phase}"
        : endpoint.Metadata.GetMetadata<RequiresHoldToken>() is not null ? "token of a held machine"
        : endpoint.Metadata.GetMetadata<StartsGrantedBoot>() is not null ? "grant"
        : endpoint.Metadata.GetMetadata<ReadsOnly>() is not null ? "reads"
        : "nothing";
}
