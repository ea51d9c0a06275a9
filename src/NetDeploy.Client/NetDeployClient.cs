using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace NetDeploy.Client;

/// <summary>The management API, typed. Every call throws <see cref="NetDeployApiException"/> where the server refuses or is not there.</summary>
public sealed class NetDeployClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _where;
    private readonly Func<string>? _absent;

    private NetDeployClient(HttpClient http, string where, Func<string>? absent)
    {
        _http = http;
        _where = where;
        _absent = absent;
    }

    /// <summary>A client of the server that listens on this Unix socket.</summary>
    /// <param name="absent">The remedy where none listens there; asked for only then.</param>
    public static NetDeployClient OverUnixSocket(string path, Func<string>? absent = null)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
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
            },
        };
        return new NetDeployClient(new HttpClient(handler) { BaseAddress = new Uri("http://netdeploy"), Timeout = TimeSpan.FromMinutes(2) }, path, absent);
    }

    public Task<ServerStatusView> StatusAsync(CancellationToken cancellationToken = default) =>
        GetAsync("/api/v1/status", NetDeployJson.Default.ServerStatusView, cancellationToken);

    public Task<MachineListView> MachinesAsync(CancellationToken cancellationToken = default) =>
        GetAsync("/api/v1/machines", NetDeployJson.Default.MachineListView, cancellationToken);

    public Task<MachineView> MachineAsync(string name, CancellationToken cancellationToken = default) =>
        GetAsync($"/api/v1/machines/{Uri.EscapeDataString(name)}", NetDeployJson.Default.MachineView, cancellationToken);

    /// <summary>Entries after <paramref name="after"/>, oldest first; waits up to <paramref name="wait"/> for the first one.</summary>
    public Task<TimelineView[]> TimelineAsync(string name, long after = 0, TimeSpan wait = default, CancellationToken cancellationToken = default) =>
        GetAsync(
            FormattableString.Invariant($"/api/v1/machines/{Uri.EscapeDataString(name)}/timeline?after={after}&wait={(int)wait.TotalSeconds}"),
            NetDeployJson.Default.TimelineViewArray,
            cancellationToken);

    public Task<LogView> LogAsync(string name, CancellationToken cancellationToken = default) =>
        GetAsync($"/api/v1/machines/{Uri.EscapeDataString(name)}/log", NetDeployJson.Default.LogView, cancellationToken);

    public Task<ApplyResult> ApplyAsync(ApplyRequest request, CancellationToken cancellationToken = default) =>
        PostAsync("/api/v1/apply", request, NetDeployJson.Default.ApplyRequest, NetDeployJson.Default.ApplyResult, cancellationToken);

    /// <summary>Which machines render; waits up to <paramref name="wait"/> until all were tried.</summary>
    public Task<RenderingView> RenderingAsync(TimeSpan wait = default, CancellationToken cancellationToken = default) =>
        GetAsync(FormattableString.Invariant($"/api/v1/rendering?wait={(int)wait.TotalSeconds}"), NetDeployJson.Default.RenderingView, cancellationToken);

    public Task<DeployResult> DeployAsync(string name, DeployRequest request, CancellationToken cancellationToken = default) =>
        PostAsync($"/api/v1/machines/{Uri.EscapeDataString(name)}/deploy", request, NetDeployJson.Default.DeployRequest, NetDeployJson.Default.DeployResult, cancellationToken);

    public Task<DeployResult> ReplaceAsync(string name, ReplaceRequest request, CancellationToken cancellationToken = default) =>
        PostAsync($"/api/v1/machines/{Uri.EscapeDataString(name)}/replace", request, NetDeployJson.Default.ReplaceRequest, NetDeployJson.Default.DeployResult, cancellationToken);

    /// <summary>A machine that no document names.</summary>
    public Task<UnknownClientView> UnknownAsync(string mac, CancellationToken cancellationToken = default) =>
        GetAsync($"/api/v1/unknown/{Uri.EscapeDataString(mac)}", NetDeployJson.Default.UnknownClientView, cancellationToken);

    public Task<AdoptResult> AdoptAsync(string mac, AdoptRequest request, CancellationToken cancellationToken = default) =>
        PostAsync($"/api/v1/unknown/{Uri.EscapeDataString(mac)}/adopt", request, NetDeployJson.Default.AdoptRequest, NetDeployJson.Default.AdoptResult, cancellationToken);

    public Task<DocumentsView> DocumentsAsync(CancellationToken cancellationToken = default) =>
        GetAsync("/api/v1/documents", NetDeployJson.Default.DocumentsView, cancellationToken);

    /// <summary>Removes a machine, by its name or a MAC, with its history and the document that enrolment wrote.</summary>
    public async Task ForgetAsync(string who, CancellationToken cancellationToken = default) =>
        (await SendAsync(HttpMethod.Delete, $"/api/v1/machines/{Uri.EscapeDataString(who)}", null, cancellationToken).ConfigureAwait(false)).Dispose();

    public async Task ReleaseAsync(string name, CancellationToken cancellationToken = default) =>
        (await SendAsync(HttpMethod.Post, $"/api/v1/machines/{Uri.EscapeDataString(name)}/release", null, cancellationToken).ConfigureAwait(false)).Dispose();

    public async Task CancelAsync(string name, CancellationToken cancellationToken = default) =>
        (await SendAsync(HttpMethod.Post, $"/api/v1/machines/{Uri.EscapeDataString(name)}/cancel", null, cancellationToken).ConfigureAwait(false)).Dispose();

    public Task<ImageView[]> ImagesAsync(CancellationToken cancellationToken = default) =>
        GetAsync("/api/v1/images", NetDeployJson.Default.ImageViewArray, cancellationToken);

    /// <summary>Builds the machine's image anew; deployments get the one there is until the new one is published.</summary>
    public async Task<ImageView> RefreshImageAsync(string machine, CancellationToken cancellationToken = default)
    {
        using var response = await SendAsync(HttpMethod.Post, $"/api/v1/machines/{Uri.EscapeDataString(machine)}/image", null, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, NetDeployJson.Default.ImageView, cancellationToken).ConfigureAwait(false);
    }

    public Task<MirrorView[]> MirrorsAsync(CancellationToken cancellationToken = default) =>
        GetAsync("/api/v1/mirrors", NetDeployJson.Default.MirrorViewArray, cancellationToken);

    /// <summary>Empties a mirror's cache; what is being served just now stays.</summary>
    public async Task<MirrorView> ClearMirrorAsync(string name, CancellationToken cancellationToken = default)
    {
        using var response = await SendAsync(HttpMethod.Post, $"/api/v1/mirrors/{Uri.EscapeDataString(name)}/clear", null, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, NetDeployJson.Default.MirrorView, cancellationToken).ConfigureAwait(false);
    }

    public Task<SecretView[]> SecretsAsync(CancellationToken cancellationToken = default) =>
        GetAsync("/api/v1/secrets", NetDeployJson.Default.SecretViewArray, cancellationToken);

    public async Task<SecretView> SetSecretAsync(string name, string value, CancellationToken cancellationToken = default)
    {
        using var content = JsonContent.Create(new SecretValue(value), NetDeployJson.Default.SecretValue);
        using var response = await SendAsync(HttpMethod.Put, $"/api/v1/secrets/{Uri.EscapeDataString(name)}", content, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, NetDeployJson.Default.SecretView, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _http.Dispose();

    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, type, cancellationToken).ConfigureAwait(false);
    }

    private async Task<TOut> PostAsync<TIn, TOut>(string path, TIn body, JsonTypeInfo<TIn> inType, JsonTypeInfo<TOut> outType, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(body, inType);
        using var response = await SendAsync(HttpMethod.Post, path, content, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, outType, cancellationToken).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw e.InnerException is SocketException { SocketErrorCode: SocketError.AccessDenied }
                ? new NetDeployApiException($"The server's socket {_where} is not for this user.", "Run the command as root or as the user that runs the server.", inner: e)
                : new NetDeployApiException($"No server answers at {_where}.", _absent?.Invoke() ?? "Start one with 'netdeploy serve', or name its data folder with --data.", inner: e);
        }
        catch (TaskCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NetDeployApiException($"The server at {_where} did not answer in two minutes.", "Look at the server's log.", inner: e);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            ProblemView? problem = null;
            try
            {
                problem = await response.Content.ReadFromJsonAsync(NetDeployJson.Default.ProblemView, cancellationToken).ConfigureAwait(false);
            }
            catch (JsonException)
            {
                // Not a problem document: the status below says what is known.
            }

            throw new NetDeployApiException(
                problem?.Title ?? $"The server answered {(int)response.StatusCode} {response.ReasonPhrase}.",
                problem is null ? "Use the command and the server of one version." : problem.Detail,
                (int)response.StatusCode,
                problem?.Diagnostics,
                confirm: problem?.Confirm);
        }
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(type, cancellationToken).ConfigureAwait(false)
                ?? throw new NetDeployApiException("The server answered nothing.");
        }
        catch (JsonException e)
        {
            throw new NetDeployApiException("The server's answer cannot be read: it is of another version.", "Use the command and the server of one version.", inner: e);
        }
    }
}
