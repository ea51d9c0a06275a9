using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Mirrors;
using NetDeploy.Server.Boot;

namespace NetDeploy.Server.Mirror;

/// <summary><c>/mirror/NAME/...</c> on the boot networks: files of the configured upstreams, and nothing else of the world.</summary>
internal sealed class MirrorRoutes(IReadOnlyDictionary<string, CachedMirror> mirrors, ILogger logger)
{
    private const string Prefix = "/mirror/";

    /// <summary>More of a status line apt does not show.</summary>
    private const int MaximumReason = 300;

    private readonly ClientTurns _turns = new();

    public void Map(IEndpointRouteBuilder routes, Func<BootNetworks> networks) =>
        routes.MapGroup("/mirror").AddEndpointFilter((invocation, next) => BootListener.RefuseStrangersAsync(invocation, next, networks))
            .MapMethods("/{name}/{**path}", [HttpMethods.Get, HttpMethods.Head], (string name, HttpContext context) => AnswerAsync(name, context))
            .WithMetadata(new ReadsOnly());

    private async Task AnswerAsync(string name, HttpContext context)
    {
        var client = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (!mirrors.TryGetValue(name, out var mirror))
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, $"there is no mirror {(name.Length <= 32 ? name : "of that name")} here").ConfigureAwait(false);
            return;
        }

        // As the client wrote it: what a router made of dots and escapes is not what is judged.
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var prefix = $"{Prefix}{name}/";
        string? reason = "write the address as /mirror/NAME/path";
        if (!target.StartsWith(prefix, StringComparison.Ordinal) || !MirrorPath.TryParse(target[prefix.Length..], out var path, out reason))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, reason ?? "that is no path").ConfigureAwait(false);
            return;
        }

        try
        {
            using var turn = await _turns.TakeAsync(client, context.RequestAborted).ConfigureAwait(false);
            if (turn is null)
            {
                context.Response.Headers.RetryAfter = "5";
                await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, $"{client} asks for more than {ClientTurns.PerClient} files at once").ConfigureAwait(false);
                return;
            }

            await ServeAsync(mirror, path, client, context).ConfigureAwait(false);
        }
        catch (MirrorFault fault) when (!context.Response.HasStarted)
        {
            await RefuseAsync(context, fault.Status, $"{fault.Message}. {fault.Remedy}").ConfigureAwait(false);
        }
        catch (MirrorFault fault)
        {
            // A body that ends too early, and not one that looks whole.
            MirrorLog.BrokeOff(logger, name, path.Text, client, fault.Message);
            context.Abort();
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone.
        }
    }

    private static async Task ServeAsync(CachedMirror mirror, MirrorPath path, IPAddress client, HttpContext context)
    {
        var head = HttpMethods.IsHead(context.Request.Method);
        switch (await mirror.GetAsync(path, client, head, context.RequestAborted).ConfigureAwait(false))
        {
            case MirrorAnswer.Missing missing:
                await RefuseAsync(context, StatusCodes.Status404NotFound, missing.Reason).ConfigureAwait(false);
                break;
            case MirrorAnswer.HeadOnly only:
                context.Response.ContentLength = only.Length;
                context.Response.Headers.AcceptRanges = "bytes";
                break;
            case MirrorAnswer.Content content:
                await using (content.Body.ConfigureAwait(false))
                {
                    await SendAsync(mirror, content, head, context).ConfigureAwait(false);
                }

                break;
            case var other:
                throw new InvalidOperationException($"A mirror answered {other}.");
        }
    }

    private static async Task SendAsync(CachedMirror mirror, MirrorAnswer.Content content, bool head, HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        var length = content.Body.Length;
        var etag = content.Sha256 is { } sha256 ? $"\"{sha256}\"" : null;
        var modified = content.LastModified?.ToString("R", CultureInfo.InvariantCulture);
        response.Headers.AcceptRanges = "bytes";
        response.Headers.ETag = etag;
        response.Headers.LastModified = modified;
        // Equal, and not older: a suite may go back, and then the client has to follow.
        if ((etag is not null && request.Headers.IfNoneMatch == etag) || (modified is not null && request.Headers.IfNoneMatch.Count == 0 && request.Headers.IfModifiedSince == modified))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var ifRange = request.Headers.IfRange.ToString();
        var ranged = ifRange.Length == 0 || content.Immutable || ifRange == etag || ifRange == modified ? request.Headers.Range.ToString() : "";
        if (ByteRange.Of(ranged.Length == 0 ? null : ranged, length) is not { } range)
        {
            response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            response.Headers.ContentRange = $"bytes */{length}";
            response.ContentLength = 0;
            return;
        }

        response.ContentType = "application/octet-stream";
        response.ContentLength = range.Count;
        if (range.Count != length)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {range.Offset}-{range.Offset + range.Count - 1}/{length}";
        }

        if (!head)
        {
            await content.Body.CopyToAsync(response.Body, range, context.RequestAborted).ConfigureAwait(false);
            mirror.Counters.Sent(range.Count);
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        context.Response.Headers.Remove("ETag");
        context.Response.Headers.Remove("Last-Modified");
        context.Response.Headers.Remove("Content-Range");
        // What apt and d-i show of an error is its status line.
        context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = string.Concat(reason.Where(c => !char.IsControl(c)).Take(MaximumReason));
        return DeployRoutes.Text(reason, status).ExecuteAsync(context);
    }
}
