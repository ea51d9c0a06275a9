using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Tests.Images;

public enum MirrorFault
{
    ChangedAfterSigning,
    Unsigned,
    NoSuchSuite,
}

/// <summary>A mirror on loopback whose Release file is not as Debian signed it.</summary>
internal sealed class FaultyMirror : IAsyncDisposable
{
    private readonly WebApplication _server;

    private FaultyMirror(WebApplication server) => _server = server;

    public string Uri => _server.Urls.Single() + "/debian";

    public static async Task<FaultyMirror> StartAsync(string mirror, MirrorFault fault)
    {
        using var client = new HttpClient();
        var signed = await client.GetStringAsync(new Uri($"{mirror}/dists/bookworm/InRelease"), TestContext.Current.CancellationToken);
        var changed = signed.Replace("Description: Debian", "Description: debian", StringComparison.Ordinal);
        Assert.NotEqual(signed, changed);
        var text = signed[(signed.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
        var unsigned = text[..text.IndexOf("-----BEGIN PGP SIGNATURE", StringComparison.Ordinal)];

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        server.MapGet("/debian/dists/bookworm/InRelease", () => fault == MirrorFault.ChangedAfterSigning ? Results.Text(changed) : Results.NotFound());
        server.MapGet("/debian/dists/bookworm/Release", () => fault == MirrorFault.Unsigned ? Results.Text(unsigned) : Results.NotFound());
        await server.StartAsync(TestContext.Current.CancellationToken);
        return new(server);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
