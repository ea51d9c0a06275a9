using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Cli.Lab;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Tests.Lab;

public sealed class LabRelayTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ndt-").FullName;

    [Fact]
    public async Task Bytes_pass_both_ways_and_an_end_is_passed_on()
    {
        using var host = new TcpListener(IPAddress.Loopback, 0);
        host.Start();
        using var stop = new CancellationTokenSource();
        using var relay = LabRelay.Listen(new RelayPlan(Socket, "127.0.0.1", ((IPEndPoint)host.LocalEndpoint).Port), NullLogger.Instance);
        var running = relay.RunAsync(stop.Token);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Socket));

        using var inside = await ConnectAsync();
        await using var stream = new NetworkStream(inside);
        await inside.SendAsync(Encoding.ASCII.GetBytes("question"));
        inside.Shutdown(SocketShutdown.Send);
        using (var outside = await host.AcceptTcpClientAsync(TestContext.Current.CancellationToken))
        {
            Assert.Equal("question", await new StreamReader(outside.GetStream()).ReadToEndAsync(TestContext.Current.CancellationToken));
            await outside.GetStream().WriteAsync(Encoding.ASCII.GetBytes("answer"), TestContext.Current.CancellationToken);
        }

        Assert.Equal("answer", await new StreamReader(stream).ReadToEndAsync(TestContext.Current.CancellationToken));
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task A_host_that_is_not_there_ends_the_connection_and_not_the_relay()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();
        using var stop = new CancellationTokenSource();
        using var relay = LabRelay.Listen(new RelayPlan(Socket, "127.0.0.1", port), NullLogger.Instance);
        var running = relay.RunAsync(stop.Token);
        for (var round = 0; round < 2; round++)
        {
            using var inside = await ConnectAsync();
            Assert.Equal(0, await inside.ReceiveAsync(new byte[1], SocketFlags.None));
        }

        Assert.False(running.IsCompleted);
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public void Mirrors_of_one_host_share_a_relay_and_others_have_their_own()
    {
        var folder = new LabFolder(_folder);
        var shared = LabMirror.Of(new AptMirror("http://deb.example/debian", "http://deb.example/debian-security"), folder);
        Assert.Equal([new RelayPlan(folder.RelaySocket(1), "deb.example", 80)], LabMirror.Relays(shared));
        var apart = LabMirror.Of(new AptMirror("https://a.example:8443/debian", "https://b.example/s"), folder);
        Assert.Equal(
            [new RelayPlan(folder.RelaySocket(1), "a.example", 8443), new RelayPlan(folder.RelaySocket(2), "b.example", 443)], LabMirror.Relays(apart));
        var parsed = LabMirror.Parse(apart[1].Argument);
        Assert.Equal(("debian-security", "https://b.example/s", folder.RelaySocket(2)), (parsed.Name, parsed.Upstream.ToString(), parsed.Via));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Socket => Path.Combine(_folder, "relay.sock");

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), TestContext.Current.CancellationToken);
        return socket;
    }
}
