using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NetDeploy.Client;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Management;

/// <summary>The management API on a Unix socket: mode 0600, and the peer checked by the kernel's word.</summary>
internal static class ManagementListener
{
    private const int BodyLimit = 16 * 1024 * 1024;

    public static WebApplication Build(string socketPath, ManagementServices services, ILoggerFactory logging)
    {
        PrepareSocket(socketPath);
        // Empty: a builder with defaults reads appsettings.json of the current folder and the environment, and what Kestrel:Endpoints
        // says there would open this API on TCP, where no peer is checked.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logging);
        builder.Services.AddRoutingCore();
        builder.Services.ConfigureHttpJsonOptions(o =>
        {
            o.SerializerOptions.TypeInfoResolverChain.Insert(0, NetDeployJson.Default);
            // What the contracts say is never null is not: the sender is told, instead of a handler that falls over it.
            o.SerializerOptions.RespectNullableAnnotations = true;
            o.SerializerOptions.RespectRequiredConstructorParameters = true;
        });
        // A body that cannot be read comes to ExplainFaultsAsync, instead of a bare 400.
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyLimit;
            kestrel.ListenUnixSocket(socketPath, listen => listen.Use(next => connection =>
            {
                if (UnixPeer.MayManage(connection))
                {
                    return next(connection);
                }

                connection.Abort();
                return Task.CompletedTask;
            }));
        });
        var app = builder.Build();
        app.Use(ExplainFaultsAsync);
        app.MapManagement(services);
        return app;
    }

    /// <summary>Call once the listener is up: the socket exists from then on.</summary>
    public static void Restrict(string socketPath) => File.SetUnixFileMode(socketPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    private static void PrepareSocket(string socketPath)
    {
        var folder = Path.GetDirectoryName(socketPath)!;
        // The folder is closed before the socket exists, so that there is no moment at which others may connect.
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (socketPath.Length > 100)
        {
            throw new ServerFault($"The socket's path {socketPath} is too long for the kernel (unix(7): 108 bytes).", "Choose a shorter data folder with --data.");
        }

        // A socket left by a killed server refuses the bind; the store's lock has already shown that no other server lives.
        File.Delete(socketPath);
    }

    private static async Task ExplainFaultsAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (StoreException e) when (!context.Response.HasStarted)
        {
            await Problems.Refuse(StatusCodes.Status503ServiceUnavailable, e.Message, e.Remedy).ExecuteAsync(context).ConfigureAwait(false);
        }
        catch (ServerFault e) when (!context.Response.HasStarted)
        {
            await Problems.Refuse(StatusCodes.Status409Conflict, e.Message, e.Remedy).ExecuteAsync(context).ConfigureAwait(false);
        }
        catch (InvalidDataException e) when (!context.Response.HasStarted)
        {
            // A file of the image spool, which is the worker's to write; the message says what to do with it.
            await Problems.Refuse(StatusCodes.Status503ServiceUnavailable, e.Message, "Then ask again.").ExecuteAsync(context).ConfigureAwait(false);
        }
        // An IOException too, so it comes before those of the disk.
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await Problems.Refuse(e.StatusCode, e.Message, "Send what the API's contracts say (NetDeploy.Client).").ExecuteAsync(context).ConfigureAwait(false);
        }
        catch (Exception e) when ((e is IOException or UnauthorizedAccessException) && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            await Problems.Refuse(StatusCodes.Status503ServiceUnavailable, e.Message, "Look after the disk of the data folder, its room and its permissions, and ask again.")
                .ExecuteAsync(context).ConfigureAwait(false);
        }
    }
}
