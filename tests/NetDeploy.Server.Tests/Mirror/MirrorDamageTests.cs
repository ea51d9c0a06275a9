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

    private sealed class Telling(Action damaged) : ILogger
    {
        private const int Damaged = 3505;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == Damaged)
            {
                damaged();
            }
        }
    }
}
