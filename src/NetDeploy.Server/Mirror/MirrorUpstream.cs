using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using NetDeploy.Core.Mirrors;

namespace NetDeploy.Server.Mirror;

/// <summary>What the upstream answered to a request: whoever has it disposes it.</summary>
/// <param name="Response">Null where it has no such file, or has not changed it.</param>
internal sealed record UpstreamReply(UpstreamStatus Status, HttpResponseMessage? Response = null) : IDisposable
{
    public long? Length => Response?.Content.Headers.ContentLength;

    public Validators Validators => new(Response?.Headers.ETag?.ToString(), Response?.Content.Headers.LastModified);

    public void Dispose() => Response?.Dispose();
}

internal enum UpstreamStatus
{
    Found,
    NotModified,
    NotFound,
}

/// <summary>Asks one upstream, and nobody else: no redirect leads off it, nothing of a client's headers goes to it.</summary>
internal sealed class MirrorUpstream : IDisposable
{
    /// <summary>Connections at once; d-i and apt open one or two each.</summary>
    public const int Connections = 16;

    private const int Redirects = 3;
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(20);

    private readonly MirrorConfig _config;
    private readonly HttpClient _http;

    public MirrorUpstream(MirrorConfig config)
    {
        _config = config;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxConnectionsPerServer = Connections,
            ConnectTimeout = ConnectLimit,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            // The operator's http_proxy counts, but not where a socket is the way.
            UseProxy = config.Via is null,
            ConnectCallback = config.Via is { } via ? (_, cancellationToken) => ConnectAsync(via, cancellationToken) : null,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("NetDeploy", null));
    }

    private string Remedy => $"Look after the server's own way to {_config.Upstream}: curl -I {_config.Upstream}/dists/. What is cached is served meanwhile.";

    /// <exception cref="MirrorFault">No answer, or none that a mirror gives.</exception>
    public async Task<UpstreamReply> SendAsync(HttpMethod method, MirrorPath path, Validators validators, CancellationToken cancellationToken)
    {
        var address = new Uri($"{Root}{path.Escaped}");
        for (var redirects = 0; ; redirects++)
        {
            var response = await AskAsync(method, address, validators, cancellationToken).ConfigureAwait(false);
            switch (response.StatusCode)
            {
                case HttpStatusCode.OK:
                    return new UpstreamReply(UpstreamStatus.Found, response);
                case HttpStatusCode.NotModified when validators.Any:
                    response.Dispose();
                    return new UpstreamReply(UpstreamStatus.NotModified);
                case HttpStatusCode.NotFound or HttpStatusCode.Gone:
                    response.Dispose();
                    return new UpstreamReply(UpstreamStatus.NotFound);
                case HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect:
                    var location = response.Headers.Location;
                    response.Dispose();
                    address = Within(address, location, path, redirects);
                    break;
                default:
                    var status = (int)response.StatusCode;
                    response.Dispose();
                    throw new MirrorFault($"{_config.Upstream.Authority} answered {status} for {path}", Remedy);
            }
        }
    }

    /// <summary>From the first place that has it.</summary>
    /// <exception cref="MirrorFault">As <see cref="SendAsync"/>.</exception>
    public async Task<UpstreamReply> FirstAsync(HttpMethod method, IReadOnlyList<MirrorPath> places, Validators validators, CancellationToken cancellationToken)
    {
        foreach (var place in places.SkipLast(1))
        {
            var reply = await SendAsync(method, place, validators, cancellationToken).ConfigureAwait(false);
            if (reply.Status != UpstreamStatus.NotFound)
            {
                return reply;
            }
        }

        return await SendAsync(method, places[^1], validators, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _http.Dispose();

    private string Root => _config.Upstream.AbsoluteUri.TrimEnd('/') + "/";

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, Uri address, Validators validators, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, address);
        if (validators.Etag is { } etag)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", etag);
        }

        request.Headers.IfModifiedSince = validators.LastModified;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MirrorFault($"{_config.Upstream.Authority} did not answer in {AnswerLimit.TotalSeconds:0} s", Remedy, status: 504, inner: e);
        }
        catch (HttpRequestException e)
        {
            throw new MirrorFault($"{_config.Upstream.Authority} cannot be reached: {e.GetBaseException().Message}", Remedy, inner: e);
        }
    }

    /// <summary>A redirect may lead to another place of the same upstream: same scheme, host and port, below the same path.</summary>
    private Uri Within(Uri from, Uri? location, MirrorPath path, int redirects)
    {
        var target = location is null ? null : new Uri(from, location);
        if (target is null || redirects >= Redirects || target.UserInfo.Length > 0 || target.Query.Length > 0 || target.Fragment.Length > 0
            || Uri.Compare(target, _config.Upstream, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) != 0
            || !target.AbsoluteUri.StartsWith(Root, StringComparison.Ordinal)
            || !MirrorPath.TryParse(target.AbsoluteUri[Root.Length..], out _, out _))
        {
            throw new MirrorFault(
                $"{_config.Upstream.Authority} redirects {path} to {target?.GetLeftPart(UriPartial.Authority) ?? "nowhere"}, which is not this mirror's upstream",
                "Name the address that it redirects to as the upstream of a mirror: a redirect off an upstream is never followed.");
        }

        return target;
    }
}
