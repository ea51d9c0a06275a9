using System.Globalization;
using System.Net;
using Microsoft.Extensions.Time.Testing;

namespace NetDeploy.Server.Tests.Mirror;

/// <summary>A mirror with too little room: no suite freezes without a word, and packages are kept all the same.</summary>
public sealed class MirrorShortageTests
{
    private const string InRelease = "dists/stable/InRelease";
    private const string Index = "dists/stable/" + FakeUpstream.Index;

    [Fact]
    public async Task Room_for_the_indexes_of_the_next_generation_is_made_of_packages_and_of_older_generations()
    {
        await using var host = await MirrorHost.StartAsync(maxSize: 1_000_000);
        host.Upstream.Files["pool/a.deb"] = FakeUpstream.Bytes(150_000);
        for (var generation = 1; generation <= 5; generation++)
        {
            Publish(host, generation, 400_000);
            Assert.Contains($"Version: {generation}", (await host.GetAsync(InRelease)).Text, StringComparison.Ordinal);
            Assert.Contains($"1.0+{generation}", (await host.GetAsync(Index)).Text, StringComparison.Ordinal);
            await host.GetAsync("pool/a.deb");
            Assert.InRange(host.Stored.Sum(f => new FileInfo(f).Length), 1, 1_000_000);
        }

        Assert.Equal(5, host.Upstream.Asked.Count(a => a.Contains("by-hash", StringComparison.Ordinal)));
        Assert.Equal(0, host.Mirror.Counters.StaleAnswers);
        Assert.Null(host.Mirror.Shortage);
    }

    [Fact]
    public async Task Two_generations_of_indexes_leave_room_for_packages()
    {
        await using var host = await MirrorHost.StartAsync(maxSize: 1_000_000);
        for (var generation = 1; generation <= 2; generation++)
        {
            Publish(host, generation, 450_000);
            await host.GetAsync(InRelease);
            await host.GetAsync(Index);
        }

        host.Upstream.Files["pool/a.deb"] = FakeUpstream.Bytes(200_000);
        await host.GetAsync("pool/a.deb");
        await host.GetAsync("pool/a.deb");
        Assert.Equal(1, host.Upstream.Count("pool/a.deb"));
        Assert.Equal(0, host.Mirror.Counters.Unkept);
        Assert.Null(host.Mirror.Shortage);
    }

    [Fact]
    public async Task A_generation_that_there_is_no_room_for_is_an_error_with_its_remedy_to_clients_and_to_the_operator()
    {
        await using var host = await MirrorHost.StartAsync(maxSize: 1_000_000, clock: new FakeTimeProvider(DateTimeOffset.UtcNow));
        Publish(host, 1, 600_000);
        await host.GetAsync(InRelease);
        await host.GetAsync(Index);
        Assert.Contains("indexes alone take", host.Mirror.Shortage!.Message, StringComparison.Ordinal);

        Publish(host, 2, 600_000);
        // The second one is not asked of the upstream again at once, and is told the same.
        foreach (var client in (IPAddress[])[MirrorHost.Blade, MirrorHost.Other])
        {
            var refused = await host.GetAsync(InRelease, client);
            Assert.Equal(HttpStatusCode.InsufficientStorage, refused.Status);
            Assert.Matches("^there is no room for dists/stable/.*Raise maxSize of this mirror", refused.Text);
        }

        // apt shows no more than the status line.
        Assert.Matches("^HTTP/1.1 507 there is no room for dists/stable/.*Raise maxSize of this mirror", await host.RawAsync("/mirror/debian/" + InRelease));
        Assert.Equal(2, host.Upstream.Count(InRelease));
        Assert.Contains("refuses suite stable", host.Mirror.Shortage!.Message, StringComparison.Ordinal);
        Assert.Contains("Raise maxSize", host.Mirror.Shortage.Remedy, StringComparison.Ordinal);
        // Who has its Release already is served to the end.
        Assert.Contains("1.0+1", (await host.GetAsync(Index)).Text, StringComparison.Ordinal);

        await host.RestartAsync(maxSize: 2_000_000);
        Assert.Contains("Version: 2", (await host.GetAsync(InRelease)).Text, StringComparison.Ordinal);
        Assert.Contains("1.0+2", (await host.GetAsync(Index)).Text, StringComparison.Ordinal);
        Assert.Null(host.Mirror.Shortage);
    }

    [Fact]
    public async Task A_Release_that_was_fetched_after_its_InRelease_outlives_packages_and_a_restart_too()
    {
        await using var host = await MirrorHost.StartAsync(maxSize: 1_000_000);
        host.Upstream.Publish(1);
        await host.GetAsync(InRelease);
        await host.GetAsync("dists/stable/Release");
        for (var n = 0; n < 8; n++)
        {
            host.Upstream.Files[$"pool/{n}.deb"] = FakeUpstream.Bytes(200_000, n);
            await host.GetAsync($"pool/{n}.deb");
        }

        host.Upstream.Fails = true;
        await host.RestartAsync(maxSize: 1_000_000);
        Assert.Contains("Version: 1", (await host.GetAsync("dists/stable/Release")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_is_full_or_gone_is_told()
    {
        await using var host = await MirrorHost.StartAsync(reserved: 1L << 60);
        Assert.Contains("keeps nothing: the disk of", host.Mirror.Shortage!.Message, StringComparison.Ordinal);
        host.Upstream.Publish(1);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(InRelease)).Status);
        // No record of a Release that is not there.
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.Folder, "suites")));
        await host.Mirror.Ready;
        Directory.Delete(host.Folder, recursive: true);
        Assert.Contains(host.Folder, host.Mirror.Shortage!.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_without_an_end_does_not_push_out_what_is_kept()
    {
        await using var host = await MirrorHost.StartAsync(maxSize: 1_000_000);
        for (var n = 0; n < 5; n++)
        {
            host.Upstream.Files[$"pool/{n}.deb"] = FakeUpstream.Bytes(140_000, n);
            await host.GetAsync($"pool/{n}.deb");
        }

        host.Upstream.Before = async (path, context) =>
        {
            while (path == "pool/endless.deb")
            {
                await context.Response.Body.WriteAsync(new byte[50_000], context.RequestAborted);
            }

            return false;
        };
        var endless = await host.GetAsync("pool/endless.deb");
        Assert.Equal(HttpStatusCode.BadGateway, endless.Status);
        Assert.Contains("more than the 250000 bytes that such a file may take", endless.Text, StringComparison.Ordinal);
        Assert.Equal(5, host.Mirror.Files);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.Folder, "parts")));

        // Of a known length, it is the client's; it is not kept.
        host.Upstream.Files["pool/large.deb"] = FakeUpstream.Bytes(900_000);
        Assert.Equal(900_000, (await host.GetAsync("pool/large.deb")).Body.Length);
        Assert.Equal((5, 1), (host.Mirror.Files, host.Mirror.Counters.Unkept));
    }

    private static void Publish(MirrorHost host, int generation, int length) => host.Upstream.Publish(generation, index: string.Create(
        CultureInfo.InvariantCulture, $"Package: large\nVersion: 1.0+{generation}\nDescription: {new string('x', length)}\n\n"));
}
