using System.Diagnostics;
using System.Globalization;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Client;

namespace NetDeploy.Lab.Tests.Mirror;

/// <summary>A real apt on an isolated network, through a real server, from the Debian mirror that this machine itself uses.</summary>
public sealed class AptThroughMirrorTests(ITestOutputHelper output)
{
    private const string KeyRing = "/usr/share/keyrings/debian-archive-keyring.gpg";

    /// <summary>About 60 MB, as a small server's.</summary>
    private static readonly string[] Measured = ["openssh-server", "nginx-light", "vim-tiny", "curl", "git", "python3"];

    [Fact]
    public async Task Apt_updates_and_downloads_a_second_client_from_the_cache_and_a_third_without_the_upstream()
    {
        Assert.SkipUnless(File.Exists(KeyRing), "needs debian-archive-keyring");
        await using var segment = await MirrorSegment.CreateAsync();

        var first = Apt(segment, "first");
        await first.UpdateAsync();
        await first.DownloadAsync("hello");
        Assert.Contains(first.Archives, a => a.StartsWith("hello_", StringComparison.Ordinal));
        var cold = await segment.ViewAsync();
        Assert.True(cold.Misses > 3, cold.ToString());

        // By name, as debootstrap and d-i ask.
        var second = Apt(segment, "second");
        await second.UpdateAsync("-o", "Acquire::By-Hash=no");
        await second.DownloadAsync("hello");
        Assert.Equal(first.Archives.Order(), second.Archives.Order());
        var warm = await segment.ViewAsync();
        Assert.True(warm.FetchedBytes - cold.FetchedBytes < 1 << 20, $"{warm.FetchedBytes - cold.FetchedBytes} bytes of the upstream for what was there");
        Assert.Equal((0, 0), (warm.Stale, warm.Failures));

        await segment.CutAsync();
        await segment.KillAsync();
        await segment.StartAsync();
        var third = Apt(segment, "third");
        await third.UpdateAsync();
        await third.DownloadAsync("hello");
        Assert.Equal(first.Archives.Order(), third.Archives.Order());
        var alone = await segment.ViewAsync();
        Assert.Equal(0, alone.FetchedBytes);
        Assert.True(alone.Stale > 0, alone.ToString());
    }

    /// <summary>The worker is in the namespace that has no way out but the server, and a profile names the server as the mirror.</summary>
    [Fact]
    [Trait("Category", "Full")]
    public async Task An_image_is_built_where_the_server_is_the_only_way_to_Debian()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/mmdebstrap"), "needs mmdebstrap");
        await using var segment = await MirrorSegment.CreateAsync();
        // The build's user passes, as it does through /var/cache.
        File.SetUnixFileMode(segment.Folder, File.GetUnixFileMode(segment.Folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        var applied = await segment.Api.ApplyAsync(new ApplyRequest(
        [
            new DocumentText("site.yaml", $$"""
                apiVersion: netdeploy/v1
                kind: Profile
                name: inside
                site: true
                system:
                  mirrors: {debian: '{{MirrorSegment.Address}}', debian-security: '{{MirrorSegment.AddressOf("debian-security")}}'}
                """),
            new DocumentText("blade1.yaml", "apiVersion: netdeploy/v1\nkind: Machine\nname: blade1\ntype: metal\ndistro: debian-12\nmethod: image\nbinding: {macs: ['52:54:00:99:00:01']}\n"),
        ]));
        Assert.True(applied.Applied, string.Join('\n', applied.Diagnostics));

        var words = segment.BesideServer(["dotnet", Path.Combine(AppContext.BaseDirectory, "NetDeploy.Cli.dll"), "worker", "--images", segment.Images]).ToArray();
        using var worker = Process.Start(new ProcessStartInfo(words[0], words[1..]))!;
        try
        {
            await segment.Api.RefreshImageAsync("blade1", TestContext.Current.CancellationToken);
            var clock = Stopwatch.StartNew();
            ImageView? image;
            do
            {
                // Told once it is built, or failed.
                await Task.Delay(1000, TestContext.Current.CancellationToken);
                image = (await segment.Api.ImagesAsync(TestContext.Current.CancellationToken)).SingleOrDefault();
                Assert.False(worker.HasExited, "the worker ended");
                Assert.True(clock.Elapsed < TimeSpan.FromMinutes(20), "no image in twenty minutes");
            }
            while (image is null or { State: "building" });
            Assert.True(image.State == "ready", image.Reason);
        }
        finally
        {
            worker.Kill(entireProcessTree: true);
            await worker.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        foreach (var mirror in await segment.Api.MirrorsAsync(TestContext.Current.CancellationToken))
        {
            output.WriteLine(mirror.ToString());
            Assert.True(mirror.ServedBytes > 0, mirror.ToString());
        }
    }

    /// <summary><c>tests/measure-mirror</c>: the figures of the README.</summary>
    [Fact(Explicit = true)]
    public async Task Measures_the_cache()
    {
        await using var segment = await MirrorSegment.CreateAsync();
        var direct = await TimeAsync(new AptClient(Path.Combine(segment.Folder, "direct"), AptMirror.Read().Main, command => command));
        var empty = await TimeAsync(Apt(segment, "empty"));
        var warm = await TimeAsync(Apt(segment, "warm"));
        var view = await segment.ViewAsync();
        Say($"direct      update {direct.Update:0.0} s, {direct.Packages} packages of {direct.Bytes >> 20} MiB {direct.Download:0.0} s");
        Say($"empty cache update {empty.Update:0.0} s, {empty.Packages} packages of {empty.Bytes >> 20} MiB {empty.Download:0.0} s");
        Say($"warm cache  update {warm.Update:0.0} s, {warm.Packages} packages of {warm.Bytes >> 20} MiB {warm.Download:0.0} s");
        Say($"empty / warm {(empty.Update + empty.Download) / (warm.Update + warm.Download):0.00}, of packages alone {empty.Download / warm.Download:0.00}");
        Say($"the server fetched {view.FetchedBytes >> 20} MiB and served {view.ServedBytes >> 20} MiB");

        void Say(FormattableString line)
        {
            output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
            if (Environment.GetEnvironmentVariable("NETDEPLOY_MEASURED") is { } file)
            {
                File.AppendAllText(file, line.ToString(CultureInfo.InvariantCulture) + "\n");
            }
        }
    }

    private static AptClient Apt(MirrorSegment segment, string name) => new(Path.Combine(segment.Folder, name), MirrorSegment.Address, segment.Inside);

    private static async Task<(double Update, double Download, int Packages, long Bytes)> TimeAsync(AptClient apt)
    {
        var clock = Stopwatch.StartNew();
        await apt.UpdateAsync();
        var update = clock.Elapsed.TotalSeconds;
        clock.Restart();
        await apt.DownloadAsync(Measured);
        return (update, clock.Elapsed.TotalSeconds, apt.Archives.Count(), apt.Bytes);
    }
}
