using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace NetDeploy.Lab.Tests.DeployEnvironment;

/// <summary>
/// The server's side of PROTOCOL.md with fixed answers: it hands out one plan and one image and writes down what was
/// reported. QEMU's user network shows this machine's loopback to the guest as 10.0.2.2.
/// </summary>
internal sealed class FakeDeployServer : IAsyncDisposable
{
    public const string Deployment = "d7";
    public const string Token = "dG9rZW4tb2YtdGhlLXBoYXNlLWRlcGxveS0xMjM0NTY";
    public const string FirstBootToken = "dG9rZW4tb2YtdGhlLWZpcnN0LWJvb3QtcGhhc2UtMTI";

    private readonly WebApplication application;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<string>> reports = new();
    private int failuresLeft;

    private FakeDeployServer(WebApplication application) => this.application = application;

    public required string Plan { get; init; }

    public string? Image { get; init; }

    public string Claim { get; init; } = "granted\n";

    /// <summary>So many requests at the start are answered 503: the environment must repeat them.</summary>
    public int FailFirst { init => failuresLeft = value; }

    public ConcurrentQueue<string> Requests { get; } = new();

    public Uri Address { get; private set; } = null!;

    public static async Task<FakeDeployServer> StartAsync(Func<WebApplication, FakeDeployServer> make)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(k => k.Limits.MaxRequestBodySize = 8 << 20);
        var application = builder.Build();
        var server = make(application);
        application.Map("/deploy/{id}/{what}", server.AnswerAsync);
        await application.StartAsync();
        server.Address = new Uri(application.Urls.Single());
        return server;
    }

    public static Task<FakeDeployServer> StartAsync(
        string plan, string? image = null, string claim = "granted\n", int failFirst = 0) =>
        StartAsync(a => new FakeDeployServer(a) { Plan = plan, Image = image, Claim = claim, FailFirst = failFirst });

    /// <summary>The body of the first request to <c>/deploy/ID/what</c>.</summary>
    public Task<string> ReportAsync(string what) => Report(what).Task;

    public bool Has(string what) => Report(what).Task.IsCompleted;

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await application.StopAsync(limit.Token);
        await application.DisposeAsync();
    }

    private TaskCompletionSource<string> Report(string what) =>
        reports.GetOrAdd(what, _ => new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously));

    private async Task AnswerAsync(HttpContext context)
    {
        var what = (string)context.GetRouteValue("what")!;
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        Requests.Enqueue($"{context.Request.Method} {what}");
        if (Interlocked.Decrement(ref failuresLeft) >= 0)
        {
            context.Response.StatusCode = 503;
            await context.Response.WriteAsync("not yet\n");
            return;
        }

        var token = what == "installed" ? FirstBootToken : Token;
        if ((string)context.GetRouteValue("id")! != Deployment || context.Request.Headers.Authorization != $"Bearer {token}")
        {
            context.Response.StatusCode = 403;
            await context.Response.WriteAsync("wrong token\n");
            return;
        }

        switch (what)
        {
            case "plan":
                // The installed system reports to the port that this server got.
                await context.Response.WriteAsync(Plan.Replace("10.0.2.2:PORT", $"10.0.2.2:{Address.Port}", StringComparison.Ordinal));
                break;
            case "image":
                await context.Response.SendFileAsync(Image!);
                break;
            case "claim":
                await context.Response.WriteAsync(Claim);
                break;
            default:
                await context.Response.WriteAsync("ok\n");
                break;
        }

        Report(what).TrySetResult(body);
    }
}
