using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace NetDeploy.Lab.Tests.Mirror;

/// <summary>A real server under kill -9 while it fetches and stores: what it serves afterwards is whole and right, or fetched again.</summary>
public sealed class KilledMirrorTests : IDisposable
{
    private const int Kills = 3;
    private const int Files = 80;
    private const int Length = 400_000;

    /// <summary>As many as one client may ask for at once.</summary>
    private readonly SemaphoreSlim _few = new(16);

    [Fact]
    public async Task After_a_kill_nothing_is_served_but_what_the_upstream_has()
    {
        await using var upstream = await UpstreamAsync();
        await using var segment = await MirrorSegment.CreateAsync(new Uri(upstream.Urls.Single() + "/debian"));
        var kept = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            using var http = segment.Http();
            var answers = (kill + 1) * 10;
            var left = answers;
            var enough = new TaskCompletionSource();
            var asking = Task.WhenAll(Enumerable.Range(0, Files).Select(async n =>
            {
                var whole = await AskAsync(http, n);
                if (whole && Interlocked.Decrement(ref left) == 0)
                {
                    enough.SetResult();
                }

                return whole;
            }));
            // Sixteen at a time, so others are in the middle of their fetch.
            await enough.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            await segment.KillAsync();
            var whole = (await asking).Count(a => a);
            Assert.InRange(whole, answers, Files - 1);
            CheckNames(segment.Cache);
            await segment.StartAsync();
            kept += (await segment.ViewAsync()).Files;
        }

        using var last = segment.Http();
        Assert.All(await Task.WhenAll(Enumerable.Range(0, Files).Select(n => AskAsync(last, n))), Assert.True);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(segment.Cache, "parts")));
        Assert.True(kept > 0, "no file outlived a kill: nothing was stored before it");
    }

    public void Dispose() => _few.Dispose();

    /// <summary>False where the server went away meanwhile; a whole body has to be the right one.</summary>
    private async Task<bool> AskAsync(HttpClient http, int number)
    {
        await _few.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            using var response = await http.GetAsync(new Uri($"/mirror/debian/pool/{number}.deb", UriKind.Relative), TestContext.Current.CancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            Assert.Equal(System.Net.HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(Content(number), body);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        finally
        {
            _few.Release();
        }
    }

    /// <summary>Whatever has its final name and its description is what that says, at any moment.</summary>
    private static void CheckNames(string cache)
    {
        foreach (var description in Directory.EnumerateFiles(Path.Combine(cache, "files"), "*.json", SearchOption.AllDirectories))
        {
            using var json = JsonDocument.Parse(File.ReadAllText(description));
            Assert.Equal(json.RootElement.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(description[..^5]))));
        }
    }

    private static byte[] Content(int number)
    {
        var bytes = new byte[Length];
        new Random(number).NextBytes(bytes);
        return bytes;
    }

    private static async Task<WebApplication> UpstreamAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        server.Run(async context =>
        {
            var name = Path.GetFileNameWithoutExtension(context.Request.Path.Value);
            var bytes = Content(int.Parse(name!, CultureInfo.InvariantCulture));
            context.Response.ContentLength = bytes.Length;
            for (var at = 0; at < bytes.Length; at += Length / 5)
            {
                await context.Response.Body.WriteAsync(bytes.AsMemory(at, Length / 5), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                await Task.Delay(50, context.RequestAborted);
            }
        });
        await server.StartAsync();
        return server;
    }
}
