using System.Net;
using System.Net.Sockets;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Tests.Lab;

public sealed class OverlayMirrorTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ndt-overlay-");

    [Fact]
    public async Task Files_of_the_folder_go_before_those_of_the_mirror_and_nothing_else_is_reached()
    {
        var dists = Path.Combine(_folder.FullName, "overlay", "dists", "trixie-lab");
        Directory.CreateDirectory(dists);
        await File.WriteAllTextAsync(Path.Combine(dists, "Release"), "ours");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "secret"), "secret");
        using var upstream = new HttpListener();
        var port = FreePort();
        upstream.Prefixes.Add($"http://127.0.0.1:{port}/");
        upstream.Start();
        var asked = ServeAsync(upstream);
        var socket = Path.Combine(_folder.FullName, "mirror.sock");
        await using (await OverlayMirror.ListenAsync(socket, new OverlayPlan(Path.Combine(_folder.FullName, "overlay"), $"http://127.0.0.1:{port}/debian"), CancellationToken.None))
        {
            using var client = new HttpClient(new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancel) =>
                {
                    var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
                    return new NetworkStream(connection, ownsSocket: true);
                },
            })
            { BaseAddress = new Uri("http://mirror") };

            Assert.Equal("ours", await client.GetStringAsync("/debian/dists/trixie-lab/Release"));
            Assert.Equal("theirs /debian/pool/a.deb", await client.GetStringAsync("/debian/pool/a.deb"));
            Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/debian/absent")).StatusCode);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(socket));
        }

        upstream.Stop();
        await asked;
    }

    [Theory]
    [InlineData("/debian/../secret")]
    [InlineData("/debian/%2e%2e/secret")]
    [InlineData("/debian/dists/../../secret")]
    [InlineData("/other/dists")]
    [InlineData("/debian/")]
    [InlineData("/")]
    public void No_path_leads_out_of_the_folder(string path)
    {
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "overlay", "dists"));
        File.WriteAllText(Path.Combine(_folder.FullName, "secret"), "secret");

        Assert.Null(OverlayMirror.FileOf(new OverlayPlan(Path.Combine(_folder.FullName, "overlay"), "http://127.0.0.1/debian"), path));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task ServeAsync(HttpListener listener)
    {
        try
        {
            while (await listener.GetContextAsync() is { } context)
            {
                var found = context.Request.Url!.AbsolutePath.Contains("/pool/", StringComparison.Ordinal);
                context.Response.StatusCode = found ? 200 : 404;
                var body = System.Text.Encoding.ASCII.GetBytes(found ? "theirs " + context.Request.Url.AbsolutePath : "");
                context.Response.ContentLength64 = body.Length;
                await context.Response.OutputStream.WriteAsync(body);
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The test stopped it.
        }
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
