using System.Diagnostics;
using NetDeploy.Server.Images;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tests.Images;

/// <summary>Builds by mmdebstrap from the machine's mirror, as the build user.</summary>
public sealed class RealBuildTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_killed_worker_leaves_nothing_alive_and_the_next_one_finishes_its_build()
    {
        using var real = new RealBuild();
        var marker = $"script ran as root in the image {Guid.NewGuid():N}";
        real.Store.Request("k", RealBuild.Spec("bookworm", [], $"echo '{marker}' >/etc/marker; test \"$(id -u)\" = 0", "#!/usr/bin/perl\nunlink '/nothing';"));

        using (var first = WorkerProcessEntry.Start(real.Data))
        {
            try
            {
                await UntilAsync(() => real.Store.State("k") is ImageState.Pending { Progress.Step: >= ImageBuildStep.Essential });
                Assert.NotEmpty(RealBuild.ProcessesBelow(real.Data));
            }
            finally
            {
                first.Kill();
                await first.WaitForExitAsync(TestContext.Current.CancellationToken);
            }
        }

        await UntilAsync(() => RealBuild.ProcessesBelow(real.Data).Length == 0);
        Assert.NotEmpty(Directory.GetDirectories(Path.Combine(real.Spool.BuildFolder("k"), "work"), "mmdebstrap.*"));
        Assert.IsType<ImageState.Pending>(real.Store.State("k"));

        using var second = WorkerProcessEntry.Start(real.Data);
        try
        {
            var entry = await real.Store.WaitAsync("k", null, TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
            Assert.Equal("minbase", entry.Current.Packages.ContainsKey("apt") && entry.Current.Packages.Count < 120 ? "minbase" : $"{entry.Current.Packages.Count} packages");
            Assert.InRange(entry.Current.Bytes, 20_000_000, 80_000_000);
            Assert.InRange(entry.Current.UnpackedBytes, 100_000_000, 400_000_000);
            await UntilAsync(() => Directory.GetDirectories(real.Spool.BuildingFolder).Length == 0);

            using var image = new UnpackedImage(real.Spool, entry.Id);
            Assert.Equal(marker + "\n", image.Text("etc/marker"));
            image.AssertHasNoIdentity();
            Assert.Equal(
                $"Types: deb\nURIs: {RealBuild.Mirror}\nSuites: bookworm\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
                image.Text("etc/apt/sources.list.d/debian.sources"));
            Assert.Equal(["debian.sources"], image.Names("etc/apt/sources.list.d"));
            Assert.False(image.Exists("etc/apt/apt.conf.d/99mmdebstrap"));
        }
        finally
        {
            second.Kill();
            await second.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task An_unknown_package_is_named()
    {
        using var real = new RealBuild();
        var failure = await real.FailAsync(RealBuild.Spec("bookworm", ["no-such-package-here"]));
        Assert.Equal((ImageFailureKind.UnknownPackage, "The repositories have no package 'no-such-package-here'."), (failure.Kind, failure.Reason));
    }

    [Fact]
    public async Task An_unreachable_mirror_is_named()
    {
        using var real = new RealBuild();
        var spec = RealBuild.Spec("bookworm", []) with { Repositories = [new("http://127.0.0.1:9/debian", "bookworm", ["main"])] };
        var failure = await real.FailAsync(spec);
        Assert.Equal(ImageFailureKind.MirrorUnreachable, failure.Kind);
        Assert.Contains("127.0.0.1", failure.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MirrorFault.ChangedAfterSigning, ImageFailureKind.BadSignature)]
    [InlineData(MirrorFault.Unsigned, ImageFailureKind.BadSignature)]
    [InlineData(MirrorFault.NoSuchSuite, ImageFailureKind.SuiteMissing)]
    public async Task A_mirror_that_is_not_Debians_is_refused(MirrorFault fault, ImageFailureKind expected)
    {
        using var real = new RealBuild();
        await using var mirror = await FaultyMirror.StartAsync(RealBuild.Mirror, fault);
        var spec = RealBuild.Spec("bookworm", []) with { Repositories = [new(mirror.Uri, "bookworm", ["main"])] };
        Assert.Equal(expected, (await real.FailAsync(spec)).Kind);
    }

    [Fact]
    public async Task The_time_limit_ends_a_build()
    {
        using var real = new RealBuild();
        var failure = await real.FailAsync(RealBuild.Spec("bookworm", []), new() { Time = TimeSpan.FromSeconds(12) });
        Assert.Equal(ImageFailureKind.TimeLimit, failure.Kind);
        Assert.NotEmpty(failure.LogTail);
    }

    [Fact]
    public async Task A_build_stops_before_it_takes_the_space_that_must_stay()
    {
        using var real = new RealBuild();
        var before = await real.FailAsync(RealBuild.Spec("bookworm", []), new() { FreeBytesToStart = long.MaxValue });
        Assert.Equal(ImageFailureKind.DiskFull, before.Kind);
        var during = await real.FailAsync(RealBuild.Spec("bookworm", []), new() { FreeBytesToStart = 0, FreeBytesToLeave = long.MaxValue });
        Assert.Equal(ImageFailureKind.DiskFull, during.Kind);
    }

    [Fact]
    public async Task A_full_disk_is_a_failure_with_a_remedy_and_leaves_the_spool_whole()
    {
        Assert.SkipUnless(Posix.EffectiveUserId == 0, "needs root, to mount a small tmpfs in a mount namespace of its own");
        using var real = new RealBuild();
        var script = $"mount -t tmpfs -o size=96m,mode=755 ndt-full {real.Data} && exec \"$@\"";
        using var worker = WorkerProcessEntry.Start(real.Data, 0, "unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh");
        try
        {
            // The worker's view of the folder; the test's own view has no tmpfs there.
            var images = $"/proc/{worker.Id}/root{real.Data}/images";
            await UntilAsync(() => File.Exists(Path.Combine(images, "worker.lock")));
            var store = new ImageStore(ImageSpool.Create(images), TimeProvider.System, () => new HashSet<string>());
            store.Request("k", RealBuild.Spec("bookworm", []));
            await UntilAsync(() => store.State("k") is not ImageState.Pending);
            Assert.Equal(ImageFailureKind.DiskFull, Assert.IsType<ImageState.Failed>(store.State("k")).Failure.Kind);
            Assert.Empty(Directory.GetFiles(Path.Combine(images, "blobs")));
            Assert.Empty(Directory.GetDirectories(Path.Combine(images, "building")));
            Assert.True(new DriveInfo(images).AvailableFreeSpace > 90 << 20, "the failed build left its files");
        }
        finally
        {
            worker.Kill();
            await worker.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Debian's own archive, once signed by the key that the profile holds, and once not by it.</summary>
    [Theory]
    [Trait("Category", "Full")]
    [InlineData("debian-archive-bookworm-automatic.asc", true)]
    [InlineData("debian-archive-bookworm-security-automatic.asc", false)]
    public async Task A_repository_is_trusted_by_the_key_in_the_profile_alone(string file, bool signs)
    {
        const string Folder = "/etc/apt/trusted.gpg.d";
        Assert.SkipUnless(File.Exists(Path.Combine(Folder, file)), $"needs {file} of debian-archive-keyring");
        using var real = new RealBuild();
        var key = await File.ReadAllTextAsync(Path.Combine(Folder, file), TestContext.Current.CancellationToken);
        var spec = RealBuild.Spec("bookworm", []) with { Repositories = [new(RealBuild.Mirror, "bookworm", ["main"], key)] };
        if (!signs)
        {
            Assert.Equal(ImageFailureKind.BadSignature, (await real.FailAsync(spec)).Kind);
            return;
        }

        var ready = Assert.IsType<ImageState.Ready>(await real.BuildAsync(spec));
        using var image = new UnpackedImage(real.Spool, ready.Entry.Id);
        Assert.Contains("Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n", image.Text("etc/apt/sources.list.d/debian.sources"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Category", "Full")]
    public async Task A_failing_script_shows_its_last_words_and_an_image_with_a_key_is_refused()
    {
        using var real = new RealBuild();
        var failure = await real.FailAsync(RealBuild.Spec("bookworm", [], "true", "echo last words; exit 7"));
        Assert.Equal(
            (ImageFailureKind.ScriptFailed, "The profile's build script 2 failed with exit status 7."), (failure.Kind, failure.Reason));
        Assert.Contains("last words", failure.LogTail);

        var identity = await real.FailAsync(RealBuild.Spec("bookworm", [], "echo '-----BEGIN PRIVATE KEY-----' >/etc/service.key"));
        Assert.Equal(ImageFailureKind.Identity, identity.Kind);
        Assert.Contains("/etc/service.key", identity.Reason, StringComparison.Ordinal);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, "the condition did not come true in time");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }
}
