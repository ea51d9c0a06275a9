using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace NetDeploy.Server.Tests.Mirror;

/// <summary>What changes: asked for anew each time, and never half of one state and half of another.</summary>
public sealed class MirrorSuitesTests
{
    private const string InRelease = "dists/stable/InRelease";
    private const string Index = "dists/stable/" + FakeUpstream.Index;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_InRelease_is_asked_for_anew_and_indexes_only_when_they_are_new(bool validates)
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Validates = validates;
        host.Upstream.Publish(1);
        for (var round = 0; round < 3; round++)
        {
            Assert.Contains("Version: 1", (await host.GetAsync(InRelease)).Text, StringComparison.Ordinal);
            Assert.Contains("1.0+1", (await host.GetAsync(Index)).Text, StringComparison.Ordinal);
        }

        Assert.Equal(3, host.Upstream.Count(InRelease));
        Assert.Equal(1, host.Upstream.Asked.Count(a => a.Contains("by-hash", StringComparison.Ordinal)));
        Assert.Equal(0, host.Upstream.Count(Index));

        host.Upstream.Publish(2);
        Assert.Contains("Version: 2", (await host.GetAsync(InRelease)).Text, StringComparison.Ordinal);
        Assert.Contains("1.0+2", (await host.GetAsync(Index)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_stays_in_the_generation_that_it_was_given_while_others_go_on()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Publish(1);
        var one = (await host.GetAsync("dists/stable/Release")).Text;
        await host.GetAsync(Index, MirrorHost.Other);
        host.Upstream.Publish(2);
        Assert.Contains("Version: 2", (await host.GetAsync(InRelease, MirrorHost.Other)).Text, StringComparison.Ordinal);

        Assert.Contains("1.0+1", (await host.GetAsync(Index)).Text, StringComparison.Ordinal);
        Assert.Contains("1.0+2", (await host.GetAsync(Index, MirrorHost.Other)).Text, StringComparison.Ordinal);
        // The signature is of the text that the client has.
        Assert.Contains("Version: 1", one, StringComparison.Ordinal);
        Assert.Equal("signature 1\n", (await host.GetAsync("dists/stable/Release.gpg")).Text);
        Assert.Contains("Version: 2", (await host.GetAsync("dists/stable/Release")).Text, StringComparison.Ordinal);
        Assert.Equal("signature 2\n", (await host.GetAsync("dists/stable/Release.gpg")).Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_new_Release_waits_until_the_indexes_that_are_in_use_agree_with_it(bool byHash)
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Publish(1, byHash);
        await host.GetAsync(InRelease);
        await host.GetAsync(Index);

        // The mirror is being updated: the Release is new, its index not there yet.
        var old = host.Upstream.Files[Index];
        host.Upstream.Publish(2, byHash);
        var arrived = host.Upstream.Files[Index];
        foreach (var path in host.Upstream.Files.Keys.Where(k => k.Contains("by-hash", StringComparison.Ordinal) && host.Upstream.Files[k] == arrived))
        {
            host.Upstream.Files.TryRemove(path, out _);
        }

        host.Upstream.Files[Index] = old;
        Assert.Contains("Version: 1", (await host.GetAsync(InRelease)).Text, StringComparison.Ordinal);
        Assert.Contains("1.0+1", (await host.GetAsync(Index)).Text, StringComparison.Ordinal);
        Assert.True(host.Mirror.Counters.StaleAnswers > 0);

        host.Upstream.Files[Index] = arrived;
        await host.RestartAsync();
        Assert.Contains("Version: 2", (await host.GetAsync(InRelease)).Text, StringComparison.Ordinal);
        Assert.Contains("1.0+2", (await host.GetAsync(Index)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_Release_lists_that_is_no_path_or_has_no_by_hash_path_holds_nothing_up()
    {
        await using var host = await MirrorHost.StartAsync();
        var deep = string.Join('/', Enumerable.Repeat("a", 22));
        for (var generation = 1; generation <= 2; generation++)
        {
            host.Upstream.Publish(generation);
            foreach (var name in (string[])["../outside", "main/./dot", "main//twice", deep])
            {
                host.Upstream.List(name, host.Upstream.Files[Index]);
            }

            host.Upstream.Files[$"dists/stable/{deep}"] = host.Upstream.Files[Index];
            Assert.Contains($"Version: {generation}", (await host.GetAsync(InRelease)).Text, StringComparison.Ordinal);
            Assert.Contains($"1.0+{generation}", (await host.GetAsync($"dists/stable/{deep}")).Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_empty_file_that_was_asked_for_stands_for_no_other_empty_one()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Publish(1);
        host.Upstream.List("main/empty", []);
        host.Upstream.List("main/unpacked", []);
        host.Upstream.Files["dists/stable/main/empty"] = [];
        await host.GetAsync(InRelease);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("dists/stable/main/empty")).Status);
        // Releases list unpacked indexes, which the archive does not have.
        host.Upstream.Publish(2);
        host.Upstream.List("main/unpacked", FakeUpstream.Bytes(100));
        Assert.Contains("Version: 2", (await host.GetAsync(InRelease)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upstream_that_sends_a_byte_now_and_then_does_not_keep_a_suite_for_ever()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await MirrorHost.StartAsync(clock: clock);
        host.Upstream.Publish(1);
        await host.GetAsync(InRelease);
        await host.GetAsync(Index);
        host.Upstream.Publish(2);
        var (asked, gone) = (new TaskCompletionSource(), new TaskCompletionSource());
        host.Upstream.Before = async (path, context) =>
        {
            if (path.Contains("by-hash", StringComparison.Ordinal))
            {
                context.RequestAborted.Register(() => gone.TrySetResult());
                context.Response.ContentLength = host.Upstream.Files[path].Length;
                asked.TrySetResult();
                while (!gone.Task.IsCompleted)
                {
                    await Task.Delay(50);
                }
            }

            return gone.Task.IsCompleted;
        };
        var waiting = host.GetAsync(InRelease);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Contains("Version: 1", (await waiting).Text, StringComparison.Ordinal);
        clock.Advance(TimeSpan.FromMinutes(30));
        await gone.Task.WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);

        host.Upstream.Before = (_, _) => Task.FromResult(false);
        for (var tries = 0; tries < 100 && !(await host.GetAsync(InRelease)).Text.Contains("Version: 2", StringComparison.Ordinal); tries++)
        {
            // Its failure is noted a moment after the connection has ended.
            clock.Advance(TimeSpan.FromSeconds(10));
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Contains("1.0+2", (await host.GetAsync(Index)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_head_of_an_index_is_found_where_the_index_is()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Publish(1);
        foreach (var path in host.Upstream.Files.Keys.Where(k => k.Contains("by-hash", StringComparison.Ordinal)))
        {
            host.Upstream.Files.TryRemove(path, out _);
        }

        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(Index, method: HttpMethod.Head)).Status);
        Assert.Equal(host.Upstream.Files[Index], (await host.GetAsync(Index)).Body);
    }

    [Fact]
    public async Task Clients_who_ask_at_once_ask_the_upstream_once()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Publish(1);
        host.Upstream.Before = async (_, _) =>
        {
            await Task.Delay(300);
            return false;
        };
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => host.GetAsync(InRelease, MirrorHost.Nth(n))));
        Assert.All(replies, r => Assert.Equal(host.Upstream.Files[InRelease], r.Body));
        Assert.Equal(1, host.Upstream.Count(InRelease));
    }

    [Fact]
    public async Task While_the_upstream_fails_the_last_good_state_is_served_also_after_a_restart()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Publish(1);
        var release = (await host.GetAsync(InRelease)).Body;
        var index = (await host.GetAsync(Index)).Body;
        host.Upstream.Files["dists/stable/main/installer/SUMS"] = "sums"u8.ToArray();
        Assert.Equal("sums", (await host.GetAsync("dists/stable/main/installer/SUMS")).Text);
        host.Upstream.Fails = true;
        await host.RestartAsync();
        Assert.Equal(release, (await host.GetAsync(InRelease)).Body);
        Assert.Equal(index, (await host.GetAsync(Index)).Body);
        Assert.Equal("sums", (await host.GetAsync("dists/stable/main/installer/SUMS")).Text);
        Assert.Equal(2, host.Mirror.Counters.StaleAnswers);

        var unknown = await host.GetAsync("dists/other/InRelease");
        Assert.Equal(HttpStatusCode.BadGateway, unknown.Status);
        Assert.Contains("answered 500", unknown.Text, StringComparison.Ordinal);
        Assert.Contains("curl -I", unknown.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_in_the_place_of_a_Release_changes_nothing()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Publish(1);
        var release = (await host.GetAsync(InRelease)).Body;
        host.Upstream.Files[InRelease] = Encoding.UTF8.GetBytes("<html>log in</html>");
        Assert.Equal(release, (await host.GetAsync(InRelease)).Body);
        await host.Mirror.ClearAsync(TestContext.Current.CancellationToken);
        var refused = await host.GetAsync(InRelease);
        Assert.Equal(HttpStatusCode.BadGateway, refused.Status);
        Assert.Contains("no Release", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_has_the_Release_of_now_is_told_so()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Publish(1);
        var first = await host.GetAsync(InRelease);
        var modified = first.Content.LastModified;
        Assert.NotNull(modified);
        Assert.Equal(HttpStatusCode.NotModified, (await host.GetAsync(InRelease, with: r => r.Headers.IfModifiedSince = modified)).Status);
        host.Upstream.Publish(2);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(InRelease, with: r => r.Headers.IfModifiedSince = modified)).Status);
    }

    [Fact]
    public async Task A_suite_without_InRelease_is_its_Release_and_signature()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Publish(1, byHash: false, inline: false);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync(InRelease)).Status);
        Assert.Contains("Version: 1", (await host.GetAsync("dists/stable/Release")).Text, StringComparison.Ordinal);
        host.Upstream.Publish(2, byHash: false, inline: false);
        Assert.Equal("signature 1\n", (await host.GetAsync("dists/stable/Release.gpg")).Text);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("dists/nowhere/Release")).Status);
    }

    [Fact]
    public async Task A_file_that_no_Release_lists_is_asked_for_each_time_and_kept_for_bad_times()
    {
        await using var host = await MirrorHost.StartAsync();
        const string path = "dists/stable/main/installer-amd64/current/linux";
        host.Upstream.Publish(1);
        host.Upstream.Files[path] = FakeUpstream.Bytes(100_000);
        Assert.Equal(FakeUpstream.Bytes(100_000), (await host.GetAsync(path)).Body);
        Assert.Equal(FakeUpstream.Bytes(100_000), (await host.GetAsync(path)).Body);
        Assert.Equal(2, host.Upstream.Count(path));
        Assert.Equal(1, host.Mirror.Counters.Hits);
        host.Upstream.Files[path] = FakeUpstream.Bytes(50_000, seed: 3);
        Assert.Equal(FakeUpstream.Bytes(50_000, seed: 3), (await host.GetAsync(path)).Body);
    }

    [Fact]
    public async Task A_slow_upstream_does_not_hold_up_the_indexes_of_a_known_generation()
    {
        await using var host = await MirrorHost.StartAsync();
        host.Upstream.Publish(1);
        await host.GetAsync(InRelease);
        var gate = new TaskCompletionSource();
        host.Upstream.Before = async (path, context) =>
        {
            if (path != InRelease)
            {
                return false;
            }

            await gate.Task;
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return true;
        };
        var waiting = host.GetAsync(InRelease, MirrorHost.Other);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(Index)).Status);
        Assert.False(waiting.IsCompleted);
        gate.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await waiting).Status);
    }
}
