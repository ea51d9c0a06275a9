using System.Diagnostics;
using System.Globalization;
using NetDeploy.Cli.Lab.Host;

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
        await using var segment = await MirrorSegment.CreateAsync(new Uri(AptMirror.Read().Main));

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

    /// <summary><c>tests/measure-mirror</c>: the figures of the README.</summary>
    [Fact(Explicit = true)]
    public async Task Measures_the_cache()
    {
        await using var segment = await MirrorSegment.CreateAsync(new Uri(AptMirror.Read().Main));
        var direct = await TimeAsync(new AptClient(Path.Combine(segment.Folder, "direct"), segment.Upstream.ToString(), command => command));
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
