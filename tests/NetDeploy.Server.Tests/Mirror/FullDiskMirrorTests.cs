using System.Diagnostics;
using System.Net;
using NetDeploy.Server.Linux;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Mirror;

/// <summary>A mirror on a file system that is really full: clients get their files, and the cache goes on by itself when there is room.</summary>
public sealed class FullDiskMirrorTests
{
    private const string FolderVariable = "NETDEPLOY_TEST_FULL_MIRROR";

    [Fact]
    public async Task On_a_full_disk_files_pass_through_and_are_kept_again_when_there_is_room()
    {
        Assert.SkipUnless(Posix.EffectiveUserId == 0, "needs root, to mount a small tmpfs in a mount namespace of its own");
        using var folder = new TemporaryFolder();
        string[] command =
        [
            "unshare", "--mount", "--propagation", "private", "sh", "-c", $"mount -t tmpfs -o size=8m,mode=755 ndt-full {folder.Path} && exec \"$@\"", "sh",
            "dotnet", typeof(FullDiskMirrorTests).Assembly.Location, "--explicit", "only", "--filter-method", $"*{nameof(Serves_all_the_same)}",
        ];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, Environment = { [FolderVariable] = folder.Path } };
        using var child = Process.Start(start)!;
        try
        {
            var output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(child.ExitCode == 0, output);
            Assert.Contains("succeeded: 1", output, StringComparison.Ordinal);
        }
        finally
        {
            child.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Runs in the other process.</summary>
    [Fact(Explicit = true)]
    public async Task Serves_all_the_same()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(folder is null, $"needs {FolderVariable}");
        await using var host = await MirrorHost.StartAsync(folder: folder);
        host.Upstream.Publish(1);
        host.Upstream.Files["pool/large.deb"] = FakeUpstream.Bytes(3_000_000);
        Assert.Equal(3_000_000, (await host.GetAsync("pool/large.deb")).Body.Length);
        Assert.Single(host.Stored);

        var ballast = Path.Combine(folder!, "ballast");
        await using (var stream = new FileStream(ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            while (new DriveInfo(folder!).AvailableFreeSpace is > 0 and var free)
            {
                await stream.WriteAsync(new byte[Math.Min(free, 1 << 20)], TestContext.Current.CancellationToken);
            }
        }

        // What is there is served; the longest unused goes for what is wanted now, and what is larger than all of that passes.
        Assert.Equal(3_000_000, (await host.GetAsync("pool/large.deb")).Body.Length);
        foreach (var path in (string[])["dists/stable/InRelease", $"dists/stable/{FakeUpstream.Index}", FakeUpstream.Package])
        {
            Assert.Equal(host.Upstream.Files[path], (await host.GetAsync(path)).Body);
        }

        host.Upstream.Files["pool/larger.deb"] = FakeUpstream.Bytes(4_000_000, seed: 2);
        var larger = await host.GetAsync("pool/larger.deb");
        Assert.Equal(HttpStatusCode.OK, larger.Status);
        Assert.Equal(host.Upstream.Files["pool/larger.deb"], larger.Body);
        Assert.DoesNotContain(host.Stored, f => new FileInfo(f).Length == 4_000_000);

        File.Delete(ballast);
        Assert.Equal(larger.Body, (await host.GetAsync("pool/larger.deb")).Body);
        Assert.Contains(host.Stored, f => new FileInfo(f).Length == 4_000_000);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.Folder, "parts")));
    }
}
