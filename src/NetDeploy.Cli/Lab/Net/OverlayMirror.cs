using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Lab.Net;

/// <summary>
/// A mirror on a Unix socket of mode 0600, for the lab's server alone: files of a folder first, and behind them those of one mirror. It
/// keeps nothing, for the server has a cache, and leads nowhere else.
/// </summary>
internal sealed class OverlayMirror : IAsyncDisposable
{
    private static readonly string[] Passed = ["Content-Type", "Last-Modified", "ETag", "Content-Range", "Accept-Ranges"];

    private readonly WebApplication _app;
    private readonly HttpClient _upstream;

    private OverlayMirror(WebApplication app, HttpClient upstream) => (_app, _upstream) = (app, upstream);

    public static async Task<OverlayMirror> ListenAsync(string socket, OverlayPlan plan, CancellationToken cancellationToken)
    {
        File.Delete(socket);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(socket));
        var app = builder.Build();
        var upstream = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(15) }) { Timeout = TimeSpan.FromMinutes(10) };
        var mirror = new OverlayMirror(app, upstream);
        app.MapMethods("/{**path}", [HttpMethods.Get, HttpMethods.Head], (HttpContext context) => mirror.AnswerAsync(context, plan));
        await app.StartAsync(cancellationToken).ConfigureAwait(false);
        File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return mirror;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        _upstream.Dispose();
    }

    /// <summary>The file below a folder that a path of the mirror names; null where it names none, or leads out.</summary>
    internal static string? FileOf(OverlayPlan plan, string path)
    {
        var prefix = new Uri(plan.Upstream).AbsolutePath.TrimEnd('/') + "/";
        if (!path.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var file = Path.GetFullPath(Path.Combine(plan.Folder, path[prefix.Length..]));
        return file.StartsWith(plan.Folder.TrimEnd('/') + "/", StringComparison.Ordinal) && File.Exists(file) ? file : null;
    }

    private async Task AnswerAsync(HttpContext context, OverlayPlan plan)
    {
        if (FileOf(plan, context.Request.Path.Value ?? "/") is { } file)
        {
            await TypedResults.PhysicalFile(file, "application/octet-stream", lastModified: File.GetLastWriteTimeUtc(file), enableRangeProcessing: true).ExecuteAsync(context).ConfigureAwait(false);
            return;
        }

        var address = new Uri(new Uri(plan.Upstream), context.Request.Path.ToUriComponent());
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), address);
        foreach (var name in (string[])["Range", "If-None-Match", "If-Modified-Since", "If-Range"])
        {
            if (context.Request.Headers.TryGetValue(name, out var value))
            {
                request.Headers.TryAddWithoutValidation(name, value.ToArray());
            }
        }

        try
        {
            using var response = await _upstream.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted).ConfigureAwait(false);
            context.Response.StatusCode = (int)response.StatusCode;
            context.Response.ContentLength = response.Content.Headers.ContentLength;
            foreach (var name in Passed)
            {
                if ((response.Headers.TryGetValues(name, out var values) || response.Content.Headers.TryGetValues(name, out values)) && values is not null)
                {
                    context.Response.Headers[name] = values.ToArray();
                }
            }

            if (HttpMethods.IsGet(context.Request.Method) && response.StatusCode != HttpStatusCode.NotModified)
            {
                await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
            }
        }
        catch (HttpRequestException) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
        }
    }
}
