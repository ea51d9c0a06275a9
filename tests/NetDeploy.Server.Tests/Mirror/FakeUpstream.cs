using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Tests.Mirror;

/// <summary>A Debian mirror on loopback that publishes what a test says, counts what is asked, and misbehaves on request.</summary>
internal sealed class FakeUpstream : IAsyncDisposable
{
    public const string Suite = "stable";
    public const string Index = "main/binary-amd64/Packages";
    public const string Package = "pool/main/h/hello/hello_1.0_amd64.deb";

    private readonly WebApplication _server;

    private FakeUpstream(WebApplication server) => _server = server;

    /// <summary>By path below the mirror.</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = new();

    public ConcurrentQueue<string> Asked { get; } = new();

    public ConcurrentQueue<IHeaderDictionary> Headers { get; } = new();

    /// <summary>Whether its answers have an ETag, and it answers 304.</summary>
    public bool Validates { get; set; } = true;

    /// <summary>Every request is answered 500.</summary>
    public bool Fails { get; set; }

    /// <summary>Looks at a request first; true: it has answered it.</summary>
    public Func<string, HttpContext, Task<bool>> Before { get; set; } = (_, _) => Task.FromResult(false);

    public Uri Uri => new(_server.Urls.Single() + "/debian");

    public static async Task<FakeUpstream> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        var upstream = new FakeUpstream(server);
        server.Run(upstream.AnswerAsync);
        await server.StartAsync();
        return upstream;
    }

    public static byte[] Bytes(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public int Count(string path) => Asked.Count(a => a == "GET " + path);

    /// <summary>A generation of the suite whose index lists the package's present bytes; the index and the Release are as they belong together.</summary>
    public void Publish(int generation, bool byHash = true, bool inline = true, string? index = null)
    {
        var package = Files.GetOrAdd(Package, _ => Bytes(200_000));
        var text = index ?? string.Create(
            CultureInfo.InvariantCulture, $"Package: hello\nVersion: 1.0+{generation}\nFilename: {Package}\nSize: {package.Length}\nSHA256: {Sha256(package)}\n\n");
        var packages = Encoding.UTF8.GetBytes(text);
        Files[$"dists/{Suite}/{Index}"] = packages;
        if (byHash)
        {
            Files[$"dists/{Suite}/main/binary-amd64/by-hash/SHA256/{Sha256(packages)}"] = packages;
        }

        var release = string.Create(
            CultureInfo.InvariantCulture,
            $"Origin: Test\nSuite: {Suite}\nVersion: {generation}\nAcquire-By-Hash: {(byHash ? "yes" : "no")}\nSHA256:\n {Sha256(packages)} {packages.Length} {Index}\n");
        if (inline)
        {
            Files[$"dists/{Suite}/InRelease"] = Encoding.UTF8.GetBytes(
                $"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{release}-----BEGIN PGP SIGNATURE-----\n\nx{generation}\n-----END PGP SIGNATURE-----\n");
        }

        Files[$"dists/{Suite}/Release"] = Encoding.UTF8.GetBytes(release);
        Files[$"dists/{Suite}/Release.gpg"] = Encoding.UTF8.GetBytes($"signature {generation}\n");
    }

    /// <summary>One more line of the suite's Release, in both its forms: a name, and the bytes that are not published by that.</summary>
    public void List(string name, byte[] bytes)
    {
        foreach (var form in (string[])["InRelease", "Release"])
        {
            var path = $"dists/{Suite}/{form}";
            Files[path] = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Files[path]).Replace(
                "\nSHA256:\n", string.Create(CultureInfo.InvariantCulture, $"\nSHA256:\n {Sha256(bytes)} {bytes.Length} {name}\n"), StringComparison.Ordinal));
        }
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!["/debian/".Length..];
        Asked.Enqueue($"{context.Request.Method} {path}");
        Headers.Enqueue(new HeaderDictionary(context.Request.Headers.ToDictionary()));
        if (await Before(path, context))
        {
            return;
        }

        if (Fails)
        {
            context.Response.StatusCode = 500;
            return;
        }

        if (!Files.TryGetValue(path, out var bytes))
        {
            context.Response.StatusCode = 404;
            return;
        }

        if (Validates)
        {
            var etag = $"\"{Sha256(bytes)[..8]}\"";
            context.Response.Headers.ETag = etag;
            if (context.Request.Headers.IfNoneMatch == etag)
            {
                context.Response.StatusCode = 304;
                return;
            }
        }

        context.Response.ContentLength = bytes.Length;
        if (HttpMethods.IsGet(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(bytes);
        }
    }
}
