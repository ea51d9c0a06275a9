using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Server.Boot;
using NetDeploy.Server.Mirror;
using NetDeploy.Server.Tests.Boot;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Mirror;

internal sealed record MirrorReply(HttpStatusCode Status, byte[] Body, HttpResponseHeaders Headers, HttpContentHeaders Content)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Body);
}

/// <summary>The mirror's routes on loopback, over a real store in a folder of its own, before a fake upstream.</summary>
internal sealed class MirrorHost : IAsyncDisposable
{
    public static readonly IPAddress Blade = IPAddress.Parse("127.0.0.10");
    public static readonly IPAddress Other = IPAddress.Parse("127.0.0.11");

    /// <summary>One of many.</summary>
    public static IPAddress Nth(int n) => IPAddress.Parse($"127.0.0.{20 + n}");

    private readonly TemporaryFolder _own = new();
    private readonly string _folder;
    private readonly Dictionary<string, CachedMirror> _mirrors = [];
    private readonly WebApplication _app;

    private MirrorHost(FakeUpstream upstream, string? folder)
    {
        _folder = folder ?? _own.Path;
        Upstream = upstream;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        new MirrorRoutes(_mirrors, NullLogger.Instance).Map(_app, () => Networks);
    }

    public FakeUpstream Upstream { get; }

    public BootNetworks Networks { get; set; } = BootHost.NetworksOf("127.0.0.0/24");

    public CachedMirror Mirror => _mirrors["debian"];

    public string Folder => Path.Combine(_folder, "debian");

    public int Port => new Uri(_app.Urls.Single()).Port;

    /// <summary>The stored files' paths.</summary>
    public IEnumerable<string> Stored => Directory.EnumerateFiles(Path.Combine(Folder, "files"), "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".json", StringComparison.Ordinal));

    public static async Task<MirrorHost> StartAsync(long maxSize = 1L << 30, long reserved = 0, TimeProvider? clock = null, Func<Uri, MirrorConfig>? config = null, string? folder = null, ILogger? logger = null)
    {
        var host = new MirrorHost(await FakeUpstream.StartAsync(), folder);
        host.Open(maxSize, reserved, clock, config, logger);
        await host._app.StartAsync();
        return host;
    }

    /// <summary>As after a restart of the server, on the same folder.</summary>
    public async Task RestartAsync(long maxSize = 1L << 30)
    {
        await Mirror.DisposeAsync();
        Open(maxSize, 0, null, null, null);
    }

    public HttpClient Client(IPAddress? source = null) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(source ?? Blade, 0));
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{Port}/mirror/debian/"),
        Timeout = TimeSpan.FromSeconds(30),
    };

    public async Task<MirrorReply> GetAsync(string path, IPAddress? source = null, Action<HttpRequestMessage>? with = null, HttpMethod? method = null)
    {
        using var client = Client(source);
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        with?.Invoke(request);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return new MirrorReply(
            response.StatusCode, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), response.Headers, response.Content.Headers);
    }

    /// <summary>The status line of a request whose target goes out as it is.</summary>
    public async Task<string> RawAsync(string target, string method = "GET")
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        await client.GetStream().WriteAsync(System.Text.Encoding.Latin1.GetBytes($"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadLineAsync() ?? "";
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await Mirror.DisposeAsync();
        await Upstream.DisposeAsync();
        _own.Dispose();
    }

    private void Open(long maxSize, long reserved, TimeProvider? clock, Func<Uri, MirrorConfig>? config, ILogger? logger) => _mirrors["debian"] = new CachedMirror(
        config?.Invoke(Upstream.Uri) ?? new MirrorConfig("debian", Upstream.Uri) { MaxSize = maxSize }, Folder, clock ?? TimeProvider.System, logger ?? NullLogger.Instance, reserved);
}
