using System.Net;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Mirror;

/// <summary>A mirror on a file system that is really full: clients get their files, and the cache goes on by itself when there is room.</summary>
public sealed class FullDiskMirrorTests
{
    [Fact]
    public Task On_a_full_disk_files_pass_through_and_are_kept_again_when_there_is_room() => SmallDisk.RunAsync(8, nameof(Serves_all_the_same));

    /// <summary>Runs in the other process.</summary>
    [Fact(Explicit = true)]
    public async Task Serves_all_the_same()
    {
        var disk = SmallDisk.Mine();
        await using var host = await MirrorHost.StartAsync(folder: disk.Folder);
        host.Upstream.Publish(1);
        host.Upstream.Files["pool/large.deb"] = FakeUpstream.Bytes(3_000_000);
        Assert.Equal(3_000_000, (await host.GetAsync("pool/large.deb")).Body.Length);
        Assert.Single(host.Stored);

        disk.Fill();
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

        disk.MakeRoom();
        Assert.Equal(larger.Body, (await host.GetAsync("pool/larger.deb")).Body);
        Assert.Contains(host.Stored, f => new FileInfo(f).Length == 4_000_000);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.Folder, "parts")));
    }
}
