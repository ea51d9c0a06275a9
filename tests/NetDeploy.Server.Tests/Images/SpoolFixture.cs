using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Core.Images;
using NetDeploy.Server.Images;

namespace NetDeploy.Server.Tests.Images;

/// <summary>The worker dies: nothing after this runs in its code, and the kernel frees its locks.</summary>
internal sealed class SimulatedDeath : Exception;

/// <summary>Writes a small file where the real builder writes an image.</summary>
internal sealed class FakeBuilder : IImageBuilder
{
    private int _builds;

    public int Builds => _builds;

    /// <summary>Runs in the middle of a build.</summary>
    public Func<ImageSpec, CancellationToken, Task> During { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>The image's content; by default each build makes another.</summary>
    public Func<ImageSpec, int, string> Content { get; set; } = (spec, build) => $"{spec.Release} {build} {Guid.NewGuid():N}";

    public string Name => "fake/1";

    public async Task<ImageBuildResult> BuildAsync(
        ImageSpec spec, ImageBuildRoom room, IProgress<ImageBuildProgress> progress, CancellationToken cancellationToken)
    {
        var build = Interlocked.Increment(ref _builds);
        File.WriteAllText(Path.Combine(room.Folder, "tree"), "left over when killed");
        room.Log.Write($"build {build}");
        progress.Report(new(ImageBuildStep.Install, 40, "Unpacking"));
        await During(spec, cancellationToken);
        var bytes = Encoding.UTF8.GetBytes(Content(spec, build));
        File.WriteAllBytes(room.Output, bytes);
        return new(Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length, 4096, ImmutableSortedDictionary<string, string>.Empty);
    }

    public Task CleanAsync(string folder, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        return Task.CompletedTask;
    }
}

/// <summary>A spool in memory (tmpfs) where the machine has one: these tests sync much.</summary>
internal sealed class SpoolFixture : IDisposable
{
    private readonly string _folder;

    public SpoolFixture()
    {
        var memory = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        _folder = Path.Combine(memory, $"ndt-spool-{Guid.NewGuid():N}");
        Spool = ImageSpool.Create(_folder);
        Store = new ImageStore(Spool, TimeProvider.System, () => Pins);
    }

    public ImageSpool Spool { get; }

    public ImageStore Store { get; }

    public FakeBuilder Builder { get; } = new();

    public HashSet<string> Pins { get; } = [];

    public static ImageSpec Spec(string release = "bookworm") => new()
    {
        Family = "debian",
        Release = release,
        Architecture = "amd64",
        Repositories = [new("http://mirror.example/debian", release, ["main"])],
        Packages = [],
    };

    public ImageWorker Worker(Action<string>? checkpoint = null, int keep = 2) =>
        new(Spool, Builder, keep, _ => { }, TimeProvider.System, NullLogger.Instance, checkpoint);

    /// <summary>Works until nothing is left to do.</summary>
    public async Task DrainAsync(ImageWorker? worker = null)
    {
        worker ??= Worker();
        while (await worker.ProcessNextAsync(TestContext.Current.CancellationToken))
        {
        }
    }

    /// <summary>What must hold at every instant.</summary>
    public void AssertIndexIsWhole()
    {
        foreach (var entry in Store.Entries)
        {
            foreach (var version in entry.Earlier.Prepend(entry.Current))
            {
                using var blob = Store.Open(version.Id);
                Assert.Equal(version.Id, Convert.ToHexStringLower(SHA256.HashData(blob)));
            }
        }
    }

    public void AssertNothingIsLeftOver()
    {
        Assert.Empty(Directory.GetFiles(Spool.QueueFolder, "*.json"));
        Assert.Empty(Directory.GetDirectories(Spool.BuildingFolder));
        var named = Store.Entries.SelectMany(entry => entry.Earlier.Prepend(entry.Current)).Select(version => version.Id).ToHashSet();
        Assert.Equal(
            named.Concat(Pins).Distinct().Order(),
            Directory.GetFiles(Spool.BlobFolder).Select(file => Path.GetFileName(file).Replace(".tar.zst", "", StringComparison.Ordinal))
                .Concat(Pins).Distinct().Order());
        foreach (var file in Directory.GetFiles(Spool.Root, "*", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain(SpoolFile.TemporaryMark, file, StringComparison.Ordinal);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
