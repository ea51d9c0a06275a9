using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NetDeploy.Core.Deployments;
using NetDeploy.Server.Boot;
using NetDeploy.Server.Tests.Management;

namespace NetDeploy.Server.Tests.Boot;

/// <summary>Every endpoint of both listeners is written here. A new one fails this test until somebody has said what it may do.</summary>
public class EndpointTests
{
    [Fact]
    public async Task Every_boot_endpoint_declares_what_opens_it()
    {
        await using var host = await BootHost.StartAsync();
        var found = Endpoints(host.App).Select(e => $"{Methods(e)} {e.RoutePattern.RawText} {Declared(e)}").Order(StringComparer.Ordinal);
        Assert.Equal(
            [
                "GET /boot/script starts-granted-boot",
                "GET /deploy/{id}/image token:Deploy",
                "GET /deploy/{id}/plan token:Deploy",
                "GET,HEAD /boot/environment/{name} reads-only",
                "GET,HEAD /boot/loaders/{name} reads-only",
                "POST /deploy/{id}/claim token:Deploy",
                "POST /deploy/{id}/failed token:Deploy",
                "POST /deploy/{id}/host-keys token:Deploy",
                "POST /deploy/{id}/installed token:FirstBoot",
                "POST /deploy/{id}/inventory token:Deploy",
                "POST /deploy/{id}/log token:Deploy",
                "POST /deploy/{id}/progress token:Deploy",
                "POST /deploy/{id}/written token:Deploy",
            ],
            found);
    }

    [Fact]
    public async Task Every_management_endpoint_is_listed()
    {
        await using var host = await ManagementHost.StartAsync();
        var found = Endpoints(host.App).Select(e => $"{Methods(e)} {e.RoutePattern.RawText}").Order(StringComparer.Ordinal);
        Assert.Equal(
            [
                "GET /api/v1/machines",
                "GET /api/v1/machines/{name}",
                "GET /api/v1/machines/{name}/log",
                "GET /api/v1/machines/{name}/timeline",
                "GET /api/v1/secrets",
                "GET /api/v1/status",
                "POST /api/v1/apply",
                "POST /api/v1/machines/{name}/cancel",
                "POST /api/v1/machines/{name}/deploy",
                "POST /api/v1/machines/{name}/release",
                "POST /api/v1/machines/{name}/replace",
                "PUT /api/v1/secrets/{name}",
            ],
            found);
    }

    private static IEnumerable<RouteEndpoint> Endpoints(WebApplication app) =>
        ((IEndpointRouteBuilder)app).DataSources.SelectMany(s => s.Endpoints).Cast<RouteEndpoint>();

    private static string Methods(RouteEndpoint endpoint) =>
        string.Join(',', endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Order(StringComparer.Ordinal));

    /// <summary>Exactly one declaration: two would contradict each other.</summary>
    private static string Declared(RouteEndpoint endpoint) => Assert.Single(endpoint.Metadata
        .Select(m => m switch
        {
            ReadsOnly => "reads-only",
            StartsGrantedBoot => "starts-granted-boot",
            RequiresToken { Phase: var phase } => $"token:{phase}",
            _ => null,
        })
        .OfType<string>());
}
