using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using NetDeploy.Server.Mirror;
using NetDeploy.Server.Tests.Boot;

namespace NetDeploy.Server.Tests.Mirror;

/// <summary>Who may ask for what, where a mirror may go to fetch it, and how much it may keep.</summary>
public sealed class MirrorBoundsTests
{
    private const string Package = FakeUpstream.Package;

    [Theory]
    [InlineData("/mirror/debian/../secret")]
    [InlineData("/mirror/debian/%2e%2e/secret")]
    [InlineData("/mirror/debian/pool/..%2f..%2fsecret")]
    [InlineData("/mirror/debian/pool/%252e%252e/secret")]
    [InlineData("/mirror/debian//other.example/x")]
    [InlineData("/mirror/debian/http://other.example/x")]
    [InlineData("/mirror/debian/pool/x?url=http://other.example")]
    [InlineData("/mirror/debian/")]
    [InlineData("/mirror/other/pool/x")]
    [InlineData("/mirror/%64ebian/pool/x")]
    [InlineData("/boot/../mirror/debian/pool/x")]
    [InlineData("http://other.example/mirror/debian/pool/x")]
    public async Task No_trick_with_a_path_reaches_the_upstream(string target)
    {
        await using var host = await MirrorHost.StartAsync();
        var status = await host.RawAsync(target);
        Assert.Matches("^HTTP/1.1 40[04] ", status);
        Assert.Empty(host.Upstream.Asked);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("CONNECT")]
    public async Task Only_reading_is_served(string method)
    {
        await using var host = await MirrorHost.StartAsync();
        Assert.Matches("^HTTP/1.1 40[045] ", await host.RawAsync(method == "CONNECT" ? "other.example:80" : "/mirror/debian/" + Package, method));
        Assert.Empty(host.Upstream.Asked);
    }

    [Fact]
    public async Task Only_clients_of_a_configured_network_are_served()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Files[Package] = FakeUpstream.Bytes(10);
        host.Networks = BootHost.NetworksOf("127.0.0.8/29");
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(Package)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.GetAsync(Package, IPAddress.Parse("127.0.0.99"))).Status);
    }

    [Fact]
    public async Task One_client_asks_for_so_many_files_at_once_and_others_are_served()
    {
        await using var host = await MirrorHost.StartAsync();
        var gate = new TaskCompletionSource();
        host.Upstream.Files[Package] = FakeUpstream.Bytes(10);
        host.Upstream.Before = async (_, _) =>
        {
            await gate.Task;
            return false;
        };
        const int Refused = 4;
        var many = Enumerable.Range(0, ClientTurns.PerClient + Refused).Select(_ => host.GetAsync(Package)).ToList();
        // None of the others ends before the gate opens.
        await MirrorFilesTests.EventuallyAsync(() => many.Count(m => m.IsCompleted) == Refused);
        foreach (var refused in await Task.WhenAll(many.Where(m => m.IsCompleted)))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.Status);
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        var other = host.GetAsync(Package, MirrorHost.Other);
        gate.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await other).Status);
        Assert.Equal(ClientTurns.PerClient, (await Task.WhenAll(many)).Count(r => r.Status == HttpStatusCode.OK));
    }

    [Fact]
    public async Task One_client_whose_fetches_stall_leaves_connections_to_others_and_its_own_requests_wait()
    {
        await using var host = await MirrorHost.StartAsync();
        var gate = new TaskCompletionSource();
        host.Upstream.Files[Package] = FakeUpstream.Bytes(10);
        host.Upstream.Before = async (path, _) =>
        {
            if (path != Package)
            {
                await gate.Task;
            }

            return false;
        };
        var stalled = Enumerable.Range(0, ClientTurns.PerClient).Select(n =>
        {
            host.Upstream.Files[$"pool/{n}.deb"] = FakeUpstream.Bytes(10);
            return host.GetAsync($"pool/{n}.deb");
        }).ToList();
        await MirrorFilesTests.EventuallyAsync(() => host.Upstream.Asked.Count == ClientTurns.AtOnce);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(Package, MirrorHost.Other).WaitAsync(TimeSpan.FromSeconds(25), TestContext.Current.CancellationToken)).Status);
        // Also what the first one waits for is not its own: whoever asks for it now fetches it.
        var shared = host.GetAsync(Enumerable.Range(0, ClientTurns.PerClient).Select(n => $"pool/{n}.deb").First(p => host.Upstream.Count(p) == 0), MirrorHost.Other);
        await MirrorFilesTests.EventuallyAsync(() => host.Upstream.Asked.Count == ClientTurns.AtOnce + 2);
        gate.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await shared).Status);
        Assert.All(await Task.WhenAll(stalled), s => Assert.Equal(HttpStatusCode.OK, s.Status));
    }

    [Fact]
    public async Task A_client_that_asks_for_made_up_suites_and_goes_away_takes_no_more_than_its_share()
    {
        await using var host = await MirrorHost.StartAsync();
        var gate = new TaskCompletionSource();
        host.Upstream.Publish(1);
        host.Upstream.Before = async (path, _) =>
        {
            if (path.StartsWith("dists/made-up", StringComparison.Ordinal))
            {
                await gate.Task;
            }

            return false;
        };
        for (var n = 0; n < 3 * ClientTurns.AtOnce; n++)
        {
            using var impatient = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            using var client = host.Client();
            var asking = client.GetAsync(new Uri($"dists/made-up{n}/InRelease", UriKind.Relative), impatient.Token);
            await Task.Delay(200, TestContext.Current.CancellationToken);
            await impatient.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        }

        Assert.InRange(host.Upstream.Asked.Count, 1, ClientTurns.AtOnce);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("dists/stable/InRelease", MirrorHost.Other)).Status);
        gate.SetResult();
        await MirrorFilesTests.EventuallyAsync(() => host.GetAsync("dists/stable/InRelease").GetAwaiter().GetResult().Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Nothing_that_a_client_says_of_itself_goes_to_the_upstream()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Files[Package] = FakeUpstream.Bytes(10);
        await host.GetAsync(Package, with: r =>
        {
            r.Headers.Add("Cookie", "a=b");
            r.Headers.Add("Authorization", "Bearer x");
            r.Headers.Add("X-Forwarded-For", "192.0.2.1");
            r.Headers.Host = "other.example";
        });
        var headers = Assert.Single(host.Upstream.Headers);
        Assert.Equal(["Host", "User-Agent"], headers.Keys.Order());
        Assert.Equal(host.Upstream.Uri.Authority, headers.Host);
    }

    [Fact]
    public async Task A_redirect_within_the_upstream_is_followed_and_no_other()
    {
        await using var host = await MirrorHost.StartAsync();
        await using var elsewhere = await FakeUpstream.StartAsync();
        elsewhere.Files["pool/x.deb"] = host.Upstream.Files["pool/real.deb"] = FakeUpstream.Bytes(10);
        var location = "";
        host.Upstream.Before = (path, context) =>
        {
            if (path != "pool/x.deb")
            {
                return Task.FromResult(false);
            }

            context.Response.Redirect(location);
            return Task.FromResult(true);
        };
        foreach (var inside in (string[])["/debian/pool/real.deb", host.Upstream.Uri + "/pool/real.deb"])
        {
            location = inside;
            Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("pool/x.deb")).Status);
            await host.Mirror.ClearAsync(TestContext.Current.CancellationToken);
        }

        foreach (var outside in (string[])[
            elsewhere.Uri + "/pool/x.deb", "/other/pool/real.deb", "/debian/../other/x.deb", "/debian/pool/x.deb", "file:///etc/passwd",
            host.Upstream.Uri.ToString().Replace("http:", "https:", StringComparison.Ordinal) + "/pool/real.deb", "/debian/pool/real.deb?x=y"])
        {
            location = outside;
            var refused = await host.GetAsync("pool/x.deb");
            Assert.Equal(HttpStatusCode.BadGateway, refused.Status);
            Assert.Contains("redirects pool/x.deb to", refused.Text, StringComparison.Ordinal);
        }

        Assert.Empty(elsewhere.Asked);
        Assert.DoesNotContain(host.Upstream.Asked, a => a.Contains("other", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_longest_unused_goes_when_the_bound_is_reached_and_indexes_in_force_stay()
    {
        await using var host = await MirrorHost.StartAsync(maxSize: 1_000_000);
        host.Upstream.Publish(1);
        await host.GetAsync("dists/stable/InRelease");
        await host.GetAsync($"dists/stable/{FakeUpstream.Index}");
        for (var n = 0; n < 12; n++)
        {
            host.Upstream.Files[$"pool/{n}.deb"] = FakeUpstream.Bytes(150_000, n);
            Assert.Equal(150_000, (await host.GetAsync($"pool/{n}.deb")).Body.Length);
            // Used all the time, so it stays.
            Assert.Equal(150_000, (await host.GetAsync("pool/0.deb")).Body.Length);
            Assert.InRange(host.Mirror.Bytes, 1, 1_000_000);
            Assert.InRange(host.Stored.Sum(f => new FileInfo(f).Length), 1, 1_000_000);
        }

        Assert.Equal(1, host.Upstream.Count("pool/0.deb"));
        Assert.Equal(1, host.Upstream.Asked.Count(a => a.Contains("by-hash", StringComparison.Ordinal)));
        await host.GetAsync("pool/1.deb");
        Assert.Equal(2, host.Upstream.Count("pool/1.deb"));
        await host.GetAsync($"dists/stable/{FakeUpstream.Index}");
        Assert.Equal(1, host.Upstream.Asked.Count(a => a.Contains("by-hash", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(100_000, 0)]
    [InlineData(1L << 30, 1L << 60)]
    public async Task Without_room_files_pass_through_and_wrong_ones_still_break(long maxSize, long reserved)
    {
        await using var host = await MirrorHost.StartAsync(maxSize, reserved);
        host.Upstream.Publish(1);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("dists/stable/InRelease")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync($"dists/stable/{FakeUpstream.Index}")).Status);
        var bytes = host.Upstream.Files[Package];
        var reply = await host.GetAsync(Package);
        Assert.Equal(bytes, reply.Body);
        Assert.Equal(bytes.Length, reply.Content.ContentLength);
        Assert.Equal(bytes[50_000..], (await host.GetAsync(Package, with: r => r.Headers.Range = new(50_000, null))).Body);
        Assert.DoesNotContain(host.Stored, f => new FileInfo(f).Length == bytes.Length);

        var path = $"pool/by-hash/SHA256/{FakeUpstream.Sha256(bytes)}";
        host.Upstream.Files[path] = FakeUpstream.Bytes(bytes.Length, seed: 7);
        await MirrorFilesTests.FailsAsync(host, path);
    }

    [Fact]
    public async Task All_connections_go_through_the_socket_that_is_named()
    {
        using var folder = new Storage.TemporaryFolder();
        var socket = folder["way-out.sock"];
        await using var host = await MirrorHost.StartAsync(config: uri => new MirrorConfig("debian", new Uri("http://mirror.invalid" + uri.AbsolutePath), socket));
        host.Upstream.Files[Package] = FakeUpstream.Bytes(1000);
        var missing = await host.GetAsync(Package);
        Assert.Equal(HttpStatusCode.BadGateway, missing.Status);
        Assert.Contains("mirror.invalid cannot be reached", missing.Text, StringComparison.Ordinal);

        using var relay = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        relay.Bind(new UnixDomainSocketEndPoint(socket));
        relay.Listen();
        var relaying = RelayAsync(relay, host.Upstream.Uri.Port);
        Assert.Equal(FakeUpstream.Bytes(1000), (await host.GetAsync(Package)).Body);
        Assert.Equal("mirror.invalid", host.Upstream.Headers.Last().Host);
        await host.Mirror.DisposeAsync();
        await relaying;
    }

    [Fact]
    public async Task Another_upstream_in_the_same_folder_starts_afresh()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Files[Package] = FakeUpstream.Bytes(10);
        await host.GetAsync(Package);
        await host.Mirror.DisposeAsync();
        await using var other = new CachedMirror(
            new MirrorConfig("debian", new Uri("http://127.0.0.1:9/other")), host.Folder, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        Assert.Empty(host.Stored);
    }

    private static async Task RelayAsync(Socket listener, int port)
    {
        using var inside = await listener.AcceptAsync();
        using var outside = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await outside.ConnectAsync(IPAddress.Loopback, port);
        await using var a = new NetworkStream(inside);
        await using var b = new NetworkStream(outside);
        await Task.WhenAny(a.CopyToAsync(b), b.CopyToAsync(a));
    }
}
