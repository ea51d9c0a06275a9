using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;
using NetDeploy.Server.BootFiles;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Enrolment;
using NetDeploy.Server.Mirror;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Boot;

/// <summary>HTTP on the boot networks: loaders, scripts, the deploy environment, and its reports. Nothing of management.</summary>
internal static class BootListener
{
    public static WebApplication Build(
        IReadOnlyList<IPEndPoint> endPoints, BootDesk desk, BootFilesCatalog files, Func<BootNetworks> networks, IAddressOwners owners,
        DeploymentService deployments, DeploymentPlans plans, ILoggerFactory logging, int connectionsOfStrangers = ConnectionLimit.OfStrangers, HoldDesk? hold = null, MirrorRoutes? mirrors = null)
    {
        // Empty: a builder with defaults reads appsettings.json of the current folder and the environment, which may name more addresses.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logging);
        builder.Services.AddRoutingCore();
        var connections = new ConnectionLimit(ConnectionLimit.PerAddress, connectionsOfStrangers, address => IsDeclared(owners, deployments.Machines, address));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            // OVMF locks up on an empty Server header; none at all is safe.
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 2 * connectionsOfStrangers;
            kestrel.Limits.MaxRequestBodySize = 80L << 20;
            // Old EDK2 fails where the connection closes between two requests.
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(5);
            foreach (var endPoint in endPoints)
            {
                kestrel.Listen(endPoint, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    listen.Use(connections.Apply);
                });
            }
        });
        var app = builder.Build();
        var logger = logging.CreateLogger(typeof(BootListener));
        app.Use((context, next) => ExplainFaultsAsync(context, next, logger));
        app.MapBoot(desk, files, networks);
        app.MapDeploy(deployments, plans);
        mirrors?.Map(app, networks);
        if (hold is not null)
        {
            app.MapHold(hold, networks);
        }

        return app;
    }

    internal static void MapBoot(this IEndpointRouteBuilder routes, BootDesk desk, BootFilesCatalog files, Func<BootNetworks> networks)
    {
        string[] reading = [HttpMethods.Get, HttpMethods.Head];
        var boot = routes.MapGroup("/boot").AddEndpointFilter((invocation, next) => RefuseStrangersAsync(invocation, next, networks));

        boot.MapMethods("/loaders/{name}", reading, (string name, HttpContext context) =>
            LoaderChoice.IsLoader(name) && files.Loaders.TryGetValue(name, out var file) ? SendAsync(context, desk, name, file) : NotFoundAsync(context, name))
            .WithMetadata(new ReadsOnly());

        boot.MapMethods("/environment/{name}", reading, (string name, HttpContext context) => name switch
        {
            "vmlinuz" when files.Environment is { } built => SendAsync(context, desk, name, built.Kernel),
            "initrd" when files.Environment is { } built => SendAsync(context, desk, name, built.Initrd),
            _ => NotFoundAsync(context, name),
        }).WithMetadata(new ReadsOnly());

        boot.MapMethods("/installers/{distro}/{build}/{name}", reading, (string distro, string build, string name, HttpContext context) =>
            files.Installers.Find(distro, build)?.File(name) is { } file ? SendAsync(context, desk, name, file) : NotFoundAsync(context, name))
            .WithMetadata(new ReadsOnly());

        // A script starts a boot of a granted deployment: its source address and the lease table stand in for a token that the machine cannot have yet.
        boot.MapGet("/script", async (string? mac, string? uuid, string? vendor, string? product, string? serial, string? asset, HttpContext context) =>
        {
            if (!MacAddress.TryParse(mac, CultureInfo.InvariantCulture, out var asking))
            {
                return DeployRoutes.Text("mac=52:54:00:12:34:56 is missing", StatusCodes.Status400BadRequest);
            }

            var network = context.Features.GetRequiredFeature<NetworkSpecRef>();
            var told = vendor is null && product is null && serial is null ? null : Smbios.Of(vendor, product, serial, asset);
            return await desk.ScriptAsync(asking, Guid.TryParse(uuid, out var known) ? known : null, Source(context), network, told, context.RequestAborted).ConfigureAwait(false) switch
            {
                BootReply.Text text => new PlainText(text.Content, StatusCodes.Status200OK),
                BootReply.Refused refused => DeployRoutes.Text(refused.Reason, StatusCodes.Status403Forbidden),
                var other => throw new InvalidOperationException($"A script request was answered {other}."),
            };
        }).WithMetadata(new StartsGrantedBoot());
    }

    /// <summary>Who is on no network in force gets nothing, a file as little as a script; a relay's clients are on the network that is configured for them.</summary>
    internal static async ValueTask<object?> RefuseStrangersAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next, Func<BootNetworks> networks)
    {
        var source = Source(invocation.HttpContext);
        if (networks().Served(source) is not { } network)
        {
            return DeployRoutes.Text(
                networks().Find(source) is { } shadow
                    ? $"network {shadow.Network.Name} is in mode shadow, where nobody is answered: write mode: proxy to serve it"
                    : $"{source} is on no network of this server",
                StatusCodes.Status403Forbidden);
        }

        invocation.HttpContext.Features.Set(network);
        return await next(invocation).ConfigureAwait(false);
    }

    private static IPAddress Source(HttpContext context) => context.Connection.RemoteIpAddress ?? IPAddress.None;

    /// <summary>A machine that has a document speaks from there: by its lease, or by the static address of its installed system.</summary>
    private static bool IsDeclared(IAddressOwners owners, MachineIndex machines, IPAddress address) =>
        (owners.OwnerOf(address).Mac is { } mac && machines.Match(new HardwareClues(mac)) is MachineMatch.Found)
        || machines.Machines.Any(m => m.Addresses.Contains(address));

    /// <summary>One line a fault, and a status that the environment repeats where trying again may help: its shell can show no more.</summary>
    private static async Task ExplainFaultsAsync(HttpContext context, RequestDelegate next, ILogger logger)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await DeployRoutes.Text(e.Message, e.StatusCode).ExecuteAsync(context).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StoreException or IOException && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            BootLog.RequestFailed(logger, RouteOf(context), e.Message);
            await DeployRoutes.Text("the server cannot store that now", StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context).ConfigureAwait(false);
        }
    }

    /// <summary>Its pattern: the path of an installer's answers holds the token of its deployment.</summary>
    private static string RouteOf(HttpContext context) => (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "no route";

    private static Task NotFoundAsync(HttpContext context, string name) =>
        DeployRoutes.Text($"there is no boot file {name}", StatusCodes.Status404NotFound).ExecuteAsync(context);

    private static async Task SendAsync(HttpContext context, BootDesk desk, string name, BootFile file)
    {
        var clock = Stopwatch.GetTimestamp();
        await TypedResults.PhysicalFile(file.Path, "application/octet-stream", enableRangeProcessing: true).ExecuteAsync(context).ConfigureAwait(false);
        if (HttpMethods.IsGet(context.Request.Method) && context.Response.StatusCode == StatusCodes.Status200OK)
        {
            var source = Source(context);
            if (LoaderChoice.IsFirstStage(name))
            {
                desk.LoaderFetched(source);
            }

            desk.Note(source, "http", FormattableString.Invariant($"{name}: {file.Bytes / 1024.0:0} KiB in {Stopwatch.GetElapsedTime(clock).TotalSeconds:0.0} s"));
        }
    }
}

/// <summary>Declares on an endpoint that it starts a boot that a grant already permits, checked by source address.</summary>
internal sealed record StartsGrantedBoot;
