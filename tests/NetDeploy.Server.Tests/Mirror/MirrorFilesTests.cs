using System.Net;
using System.Net.Http.Headers;

namespace NetDeploy.Server.Tests.Mirror;

/// <summary>What never changes: fetched once, for all who want it, and never served but whole and right.</summary>
public sealed class MirrorFilesTests
{
    private const string Package = FakeUpstream.Package;

    [Fact]
    public async Task A_package_is_fetched_once_and_comes_with_its_length_and_digest()
    {
        await using var host = await MirrorHost.StartAsync();
        var bytes = host.Upstream.Files[Package] = FakeUpstream.Bytes(200_000);
        var first = await host.GetAsync(Package);
        var second = await host.GetAsync(Package);
        Assert.Equal(bytes, first.Body);
        Assert.Equal(bytes, second.Body);
        Assert.Equal(200_000, second.Content.ContentLength);
        Assert.Null(second.Headers.TransferEncodingChunked);
        Assert.Equal($"\"{FakeUpstream.Sha256(bytes)}\"", second.Headers.ETag!.Tag);
        Assert.Equal(1, host.Upstream.Count(Package));
        // A client may have its last byte before the server has counted it.
        await EventuallyAsync(() => host.Mirror.Counters.Served == 400_000);
        Assert.Equal((1, 1, 200_000), (host.Mirror.Counters.Hits, host.Mirror.Counters.Misses, host.Mirror.Counters.FetchedBytes));

        // Also after a restart, and although the upstream is gone.
        await host.RestartAsync();
        host.Upstream.Fails = true;
        Assert.Equal(bytes, (await host.GetAsync(Package)).Body);
    }

    [Fact]
    public async Task Clients_who_ask_meanwhile_share_one_fetch_and_get_its_bytes_as_they_come()
    {
        await using var host = await MirrorHost.StartAsync();
        var bytes = FakeUpstream.Bytes(1_000_000);
        var gate = new TaskCompletionSource();
        host.Upstream.Before = async (path, context) =>
        {
            context.Response.ContentLength = bytes.Length;
            await context.Response.Body.WriteAsync(bytes.AsMemory(0, 500_000));
            await context.Response.Body.FlushAsync();
            await gate.Task;
            await context.Response.Body.WriteAsync(bytes.AsMemory(500_000));
            return true;
        };
        using var early = host.Client();
        using var response = await early.GetAsync(new Uri(Package, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var start = new byte[400_000];
        await stream.ReadExactlyAsync(start, TestContext.Current.CancellationToken);
        Assert.Equal(bytes[..400_000], start);

        var late = Enumerable.Range(0, 5).Select(n => host.GetAsync(Package, MirrorHost.Nth(n))).Append(host.GetAsync(Package, with: r => r.Headers.Range = new RangeHeaderValue(300_000, 300_099))).ToList();
        // The range lies in what has arrived: it does not wait for the rest.
        Assert.Equal(bytes[300_000..300_100], (await late[^1]).Body);
        Assert.All(late[..^1], l => Assert.False(l.IsCompleted));
        gate.SetResult();
        Assert.All(await Task.WhenAll(late[..^1]), r => Assert.Equal(bytes, r.Body));
        Assert.Equal(1, host.Upstream.Count(Package));
    }

    [Fact]
    public async Task A_fetch_that_nobody_waits_for_any_more_ends_and_leaves_nothing()
    {
        await using var host = await MirrorHost.StartAsync();
        var gone = new TaskCompletionSource();
        host.Upstream.Before = async (_, context) =>
        {
            context.RequestAborted.Register(() => gone.TrySetResult());
            context.Response.ContentLength = 1_000_000;
            await context.Response.Body.WriteAsync(FakeUpstream.Bytes(300_000));
            await context.Response.Body.FlushAsync();
            await gone.Task;
            return true;
        };
        using (var client = host.Client())
        {
            using var response = await client.GetAsync(new Uri(Package, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        }

        await gone.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        await EventuallyAsync(() => host.Mirror.Bytes == 0 && !Directory.EnumerateFiles(Path.Combine(host.Folder, "parts")).Any());

        host.Upstream.Before = (_, _) => Task.FromResult(false);
        var bytes = host.Upstream.Files[Package] = FakeUpstream.Bytes(1_000_000, seed: 2);
        Assert.Equal(bytes, (await host.GetAsync(Package)).Body);
    }

    [Theory]
    [InlineData(200_000, 100_000)]
    [InlineData(1000, 10)]
    public async Task A_body_that_breaks_off_is_an_error_to_the_client_and_is_not_kept(int length, int sent)
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Before = async (_, context) =>
        {
            context.Response.ContentLength = length;
            await context.Response.Body.WriteAsync(FakeUpstream.Bytes(length).AsMemory(0, sent));
            await context.Response.Body.FlushAsync();
            context.Abort();
            return true;
        };
        await FailsAsync(host, Package);
        Assert.Empty(host.Stored);
        Assert.Equal(1, host.Mirror.Counters.Failures);
        await EventuallyAsync(() => host.Mirror.Bytes == 0);
    }

    [Fact]
    public async Task Bytes_that_the_index_does_not_name_never_come_whole_and_are_not_kept()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Publish(1);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync($"dists/stable/{FakeUpstream.Index}")).Status);
        var right = host.Upstream.Files[Package];
        host.Upstream.Files[Package] = FakeUpstream.Bytes(right.Length, seed: 2);
        await FailsAsync(host, Package);
        host.Upstream.Files[Package] = FakeUpstream.Bytes(right.Length + 1);
        var longer = await host.GetAsync(Package);
        Assert.Equal(HttpStatusCode.BadGateway, longer.Status);
        Assert.Contains("is not the file that its index names", longer.Text, StringComparison.Ordinal);
        host.Upstream.Files[Package] = right;
        Assert.Equal(right, (await host.GetAsync(Package)).Body);
    }

    [Fact]
    public async Task A_file_by_hash_is_that_file_or_none()
    {
        await using var host = await MirrorHost.StartAsync();
        var path = $"dists/stable/main/binary-amd64/by-hash/SHA256/{FakeUpstream.Sha256(FakeUpstream.Bytes(500))}";
        host.Upstream.Files[path] = FakeUpstream.Bytes(500, seed: 2);
        await FailsAsync(host, path);
        host.Upstream.Files[path] = FakeUpstream.Bytes(500);
        Assert.Equal(FakeUpstream.Bytes(500), (await host.GetAsync(path)).Body);
        host.Upstream.Files.Clear();
        Assert.Equal(FakeUpstream.Bytes(500), (await host.GetAsync(path)).Body);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("dists/stable/main/binary-amd64/by-hash/MD5Sum/0123456789abcdef0123456789abcdef")).Status);
    }

    [Theory]
    [InlineData("./sha256:")]
    [InlineData("sha256%3A")]
    [InlineData("sha256/")]
    public async Task A_path_that_looks_like_a_digest_neither_reaches_nor_shadows_the_file_of_that_digest(string prefix)
    {
        await using var host = await MirrorHost.StartAsync();
        var right = FakeUpstream.Bytes(500);
        var path = prefix + FakeUpstream.Sha256(right);
        var named = $"dists/stable/main/binary-amd64/by-hash/SHA256/{FakeUpstream.Sha256(right)}";
        host.Upstream.Files[path.Replace("./", "", StringComparison.Ordinal).Replace("%3A", ":", StringComparison.Ordinal)] = FakeUpstream.Bytes(500, seed: 2);
        Assert.Equal(FakeUpstream.Bytes(500, seed: 2), (await host.GetAsync(path)).Body);
        host.Upstream.Files[named] = right;
        Assert.Equal(right, (await host.GetAsync(named)).Body);

        host.Upstream.Fails = true;
        Assert.Equal(FakeUpstream.Bytes(500, seed: 2), (await host.GetAsync(path)).Body);
        Assert.Equal(right, (await host.GetAsync(named)).Body);
    }

    [Fact]
    public async Task What_was_kept_before_its_index_was_known_goes_when_the_index_names_another()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Files[Package] = FakeUpstream.Bytes(300, seed: 9);
        Assert.Equal(300, (await host.GetAsync(Package)).Body.Length);
        var right = host.Upstream.Files[Package] = FakeUpstream.Bytes(400);
        host.Upstream.Publish(1);
        await host.GetAsync($"dists/stable/{FakeUpstream.Index}");
        Assert.Equal(right, (await host.GetAsync(Package)).Body);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task A_damaged_or_truncated_file_is_fetched_again_and_never_served(bool truncated, bool restart)
    {
        await using var host = await MirrorHost.StartAsync();
        var bytes = host.Upstream.Files[Package] = FakeUpstream.Bytes(200_000);
        await host.GetAsync(Package);
        var file = Assert.Single(host.Stored);
        await using (var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite))
        {
            if (truncated)
            {
                stream.SetLength(100_000);
            }
            else
            {
                stream.Position = 150_000;
                stream.WriteByte((byte)~bytes[150_000]);
            }
        }

        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddSeconds(-100));
        if (restart)
        {
            await host.RestartAsync();
        }

        Assert.Equal(bytes, (await host.GetAsync(Package)).Body);
        Assert.Equal(bytes, (await host.GetAsync(Package)).Body);
        Assert.Equal(2, host.Upstream.Count(Package));
    }

    [Fact]
    public async Task Ranges_are_parts_of_the_file_and_heads_have_no_body()
    {
        await using var host = await MirrorHost.StartAsync();
        var bytes = host.Upstream.Files[Package] = FakeUpstream.Bytes(1000);
        var unfetched = await host.GetAsync(Package, method: HttpMethod.Head);
        Assert.Equal((HttpStatusCode.OK, 1000L, 0), (unfetched.Status, unfetched.Content.ContentLength!.Value, unfetched.Body.Length));
        Assert.Equal(0, host.Upstream.Count(Package));

        for (var round = 0; round < 2; round++)
        {
            var part = await host.GetAsync(Package, with: r =>
            {
                r.Headers.Range = new RangeHeaderValue(600, null);
                // apt sends the time of its partial file; of what never changes it need not be equal.
                r.Headers.TryAddWithoutValidation("If-Range", "Sat, 01 Jan 2000 00:00:00 GMT");
            });
            Assert.Equal(HttpStatusCode.PartialContent, part.Status);
            Assert.Equal(bytes[600..], part.Body);
            Assert.Equal("bytes 600-999/1000", part.Content.ContentRange!.ToString());
        }

        var beyond = await host.GetAsync(Package, with: r => r.Headers.Range = new RangeHeaderValue(1000, null));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.Status);
        var head = await host.GetAsync(Package, method: HttpMethod.Head);
        Assert.Equal((1000L, 0), (head.Content.ContentLength!.Value, head.Body.Length));
        var same = await host.GetAsync(Package, with: r => r.Headers.IfNoneMatch.Add(head.Headers.ETag!));
        Assert.Equal(HttpStatusCode.NotModified, same.Status);
    }

    [Fact]
    public async Task A_body_without_a_length_is_kept_first_and_then_has_one()
    {
        await using var host = await MirrorHost.StartAsync();
        var bytes = FakeUpstream.Bytes(100_000);
        host.Upstream.Before = async (_, context) =>
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(0, 50_000));
            await context.Response.Body.FlushAsync();
            await context.Response.Body.WriteAsync(bytes.AsMemory(50_000));
            return true;
        };
        var reply = await host.GetAsync(Package);
        Assert.Equal(bytes, reply.Body);
        Assert.Equal(100_000, reply.Content.ContentLength);
    }

    /// <summary>An error status, or a connection that ends before the promised length.</summary>
    internal static async Task FailsAsync(MirrorHost host, string path)
    {
        try
        {
            Assert.Equal(HttpStatusCode.BadGateway, (await host.GetAsync(path)).Status);
        }
        catch (HttpRequestException)
        {
            // Cut off: that is what a client has to see.
        }
    }

    internal static async Task EventuallyAsync(Func<bool> condition)
    {
        for (var tries = 0; tries < 200 && !condition(); tries++)
        {
            await Task.Delay(50);
        }

        Assert.True(condition());
    }
}
