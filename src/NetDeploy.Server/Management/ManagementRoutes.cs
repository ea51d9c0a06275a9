using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NetDeploy.Client;

namespace NetDeploy.Server.Management;

/// <summary>The whole surface of <c>/api/v1</c>, one line a route group.</summary>
internal static class ManagementRoutes
{
    public static void MapManagement(this IEndpointRouteBuilder routes, ManagementServices services)
    {
        var api = routes.MapGroup("/api/v1");
        api.MapMachines(services);
        api.MapOrders(services);
        api.MapNewcomers(services);
        api.MapDocuments(services);
        api.MapSecrets(services);
        api.MapImages(services);
        api.MapMirrors(services);
        api.MapGet("/status", () => TypedResults.Json(
            new ServerStatusView(
                services.Facts.Version,
                Environment.ProcessId,
                services.Facts.StartedAt.ToUnixTimeMilliseconds(),
                services.Documents.Current.Revision,
                services.Deployments.Machines.Machines.Length,
                services.Facts.BootAddresses,
                services.Facts.Warnings(),
                [.. services.Facts.OtherServers().Select(s => new OtherServerView(
                    s.Interface, s.Address.ToString(), s.Mac?.ToString(), s.Answered, s.FirstSeen.ToUnixTimeMilliseconds(), s.LastSeen.ToUnixTimeMilliseconds()))]),
            NetDeployJson.Default.ServerStatusView));
    }
}
