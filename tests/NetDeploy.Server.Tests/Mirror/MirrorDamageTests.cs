using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Core.Mirrors;
using NetDeploy.Server.Mirror;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Mirror;

/// <summary>What the last process left may be damaged anywhere: a part of it costs that part, all of it this mirror and no request that hangs.</summary>
public sealed class MirrorDamageTests
{
    private const string Package = FakeUpstream.Package;
    private const string Index = $"dists/stable/{FakeUpstream.Index}";

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("unreadable")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"key":"x","sha256":"y"}""")]
    public async Task A_description_that_cannot_be_read_costs_its_file_alone(string content)
    {
        await using var host = await MirrorHost.StartAsync();
        foreach (var path in (string[])[Package, "pool/other.deb"])
        {
            host.Upstream.Files[path] = FakeUpstream.Bytes(1000);
            await host.GetAsync(path);
        }

        Damage(host.Stored.First() + ".json", content);
        await host.RestartAsync();
        await host.Mirror.Ready.WaitAsync(Now);
        Assert.Null(host.Mirror.Fault);
        Assert.Equal((1, 1000), (host.Mirror.Files, host.Mirror.Bytes));
        Assert.Equal(FakeUpstream.Bytes(1000), (await host.GetAsync(Package)).Body);
        Assert.Equal(FakeUpstream.Bytes(1000), (await host.GetAsync("pool/other.deb")).Body);
    }

    [Theory]
    [InlineData("unreadable")]
    [InlineData("""{"suite":"stable"}""")]
    [InlineData("""{"suite":"stable","generations":[null]}""")]
    [InlineData("""{"suite":"stable","generations":[{"files":{},"asked":0,"validators":{"etag":null,"lastModified":null},"firstSeen":9223372036854775807}]}""")]
    public async Task A_suite_whose_record_is_incomplete_is_asked_for_again(string content)
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Publish(1);
        await host.GetAsync("dists/stable/InRelease");
        Damage(Assert.Single(Directory.EnumerateFiles(Path.Combine(host.Folder, "suites"))), content);
        await host.RestartAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("dists/stable/InRelease")).Status);
        Assert.Equal(2, host.Upstream.Count("dists/stable/InRelease"));
    }

    [Fact]
    public async Task A_cache_that_cannot_be_read_is_a_fault_with_its_folder_and_a_remedy()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["debian/files/00"]);
        await File.WriteAllTextAsync(folder["debian/files/00/x.json"], "{}", Now);
        await File.WriteAllTextAsync(folder["debian/upstream"], "http://127.0.0.1:9/debian", Now);
        // The damaged entry is told of in the middle of loading: the moment for the disk to fail.
        var logger = new Telling(() => Directory.Delete(folder["debian/suites"]));
        await using var mirror = new CachedMirror(new MirrorConfig("debian", new Uri("http://127.0.0.1:9/debian")), folder["debian"], TimeProvider.System, logger);
        await mirror.Ready.WaitAsync(Now);
        Assert.Contains(folder["debian"], mirror.Fault!.Message, StringComparison.Ordinal);
        Assert.Contains("restart", mirror.Fault.Remedy, StringComparison.Ordinal);
        var fault = await Assert.ThrowsAsync<MirrorFault>(() => mirror.GetAsync(MirrorPath.Of(Package), IPAddress.Loopback, false, Now));
        Assert.Equal((503, mirror.Fault.Message), (fault.Status, fault.Message));
        await Assert.ThrowsAsync<MirrorFault>(() => mirror.ClearAsync(Now));
    }

    [Fact]
    public async Task An_index_that_was_damaged_counts_again_once_it_is_fetched_again()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Publish(1);
        await host.GetAsync(Index);
        var index = Assert.Single(host.Stored, f => File.ReadAllText(f).StartsWith("Package:", StringComparison.Ordinal));
        await File.WriteAllTextAsync(index, "damaged", Now);
        File.SetLastWriteTimeUtc(index, DateTime.UtcNow.AddSeconds(-100));
        host.Upstream.Files["pool/unlisted.deb"] = FakeUpstream.Bytes(10);
        await host.GetAsync("pool/unlisted.deb");

        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(Index)).Status);
        host.Upstream.Files[Package] = FakeUpstream.Bytes(host.Upstream.Files[Package].Length, seed: 2);
        await MirrorFilesTests.FailsAsync(host, Package);
    }

    [Fact]
    public async Task A_file_that_the_disk_cannot_read_any_more_is_fetched_again()
    {
        await using var host = await MirrorHost.StartAsync();
        var bytes = host.Upstream.Files[Package] = FakeUpstream.Bytes(1000);
        await host.GetAsync(Package);
        var file = Assert.Single(host.Stored);
        File.Delete(file);
        // Opens, and fails at the first byte, as a bad sector does.
        File.CreateSymbolicLink(file, "/proc/self/mem");
        Assert.Equal(bytes, (await host.GetAsync(Package)).Body);
        Assert.Equal(bytes, (await host.GetAsync(Package)).Body);
        Assert.Equal(2, host.Upstream.Count(Package));
    }

    [Fact]
    public async Task A_file_that_cannot_take_its_name_is_served_all_the_same()
    {
        await using var host = await MirrorHost.StartAsync();
        await host.Mirror.Ready;
        var bytes = host.Upstream.Files[Package] = FakeUpstream.Bytes(200_000);
        // Where its folder would be.
        await File.WriteAllTextAsync(Path.Combine(host.Folder, "files", FakeUpstream.Sha256(System.Text.Encoding.UTF8.GetBytes(Package))[..2]), "", Now);
        Assert.Equal(bytes, (await host.GetAsync(Package)).Body);
        await MirrorFilesTests.EventuallyAsync(() => (host.Mirror.Bytes, host.Mirror.Counters.Unkept) == (0, 1));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.Folder, "parts")));
    }

    [Fact]
    public async Task A_file_on_its_way_that_loses_its_bytes_is_an_error_and_no_endless_loop()
    {
        await using var host = await MirrorHost.StartAsync();
        var gate = new TaskCompletionSource();
        host.Upstream.Before = async (_, context) =>
        {
            context.Response.ContentLength = 1_000_000;
            await context.Response.Body.WriteAsync(FakeUpstream.Bytes(500_000));
            await context.Response.Body.FlushAsync();
            await gate.Task;
            return true;
        };
        using var client = host.Client();
        using var response = await client.GetAsync(new Uri(Package, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Now);
        var start = new byte[400_000];
        await (await response.Content.ReadAsStreamAsync(Now)).ReadExactlyAsync(start, Now);
        await using (var part = new FileStream(Directory.EnumerateFiles(Path.Combine(host.Folder, "parts")).Single(), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            part.SetLength(0);
        }

        await MirrorFilesTests.FailsAsync(host, Package);
        gate.SetResult();
    }

    [Fact]
    public async Task An_index_is_read_once_for_all_who_ask_at_once()
    {
        var read = 0;
        await using var host = await MirrorHost.StartAsync(logger: new Telling(() => Interlocked.Increment(ref read), Telling.NoDigests));
        var index = FakeUpstream.Bytes(1000);
        host.Upstream.Publish(1);
        host.Upstream.List("main/binary-all/Packages.xz", index);
        host.Upstream.Files["dists/stable/main/binary-all/Packages.xz"] = index;
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("dists/stable/main/binary-all/Packages.xz")).Status);
        var replies = await Task.WhenAll(Enumerable.Range(0, 12).Select(n =>
        {
            host.Upstream.Files[$"pool/{n}.deb"] = FakeUpstream.Bytes(10);
            return host.GetAsync($"pool/{n}.deb", MirrorHost.Nth(n));
        }));
        Assert.All(replies, r => Assert.Equal(HttpStatusCode.OK, r.Status));
        Assert.Equal(1, read);
    }

    [Fact]
    public async Task A_download_that_fails_as_nobody_foresaw_leaves_nobody_waiting()
    {
        using var folder = new TemporaryFolder();
        using var store = MirrorStore.Open(folder.Path, "x", 1 << 20, TimeProvider.System, NullLogger.Instance, reserved: 0);
        var upstream = new MirrorUpstream(new MirrorConfig("debian", new Uri("http://127.0.0.1:9/debian")));
        // Whoever uses it now gets an exception that no list of faults names.
        upstream.Dispose();
        var counters = new MirrorCounters("debian", NullLogger.Instance);
        await using var fetcher = new MirrorFetcher(upstream, store, counters);
        var download = fetcher.Join(MirrorOrder.Of(Package, MirrorPath.Of(Package), null))!;
        var fault = await Assert.ThrowsAsync<MirrorFault>(() => download.Started.WaitAsync(TimeSpan.FromSeconds(10), Now));
        Assert.Contains("failed within the server", fault.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<MirrorFault>(() => download.Whole.WaitAsync(TimeSpan.FromSeconds(10), Now));
        Assert.Equal(1, counters.Failures);
        download.Leave();
    }

    /// <summary>A link to itself is what even root cannot read.</summary>
    private static void Damage(string path, string content)
    {
        File.Delete(path);
        if (content == "unreadable")
        {
            File.CreateSymbolicLink(path, path);
        }
        else
        {
            File.WriteAllText(path, content);
        }
    }

    private sealed class Telling(Action told, int of = Telling.Damaged) : ILogger
    {
        public const int Damaged = 3505;
        public const int NoDigests = 3509;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == of)
            {
                told();
            }
        }
    }
}
