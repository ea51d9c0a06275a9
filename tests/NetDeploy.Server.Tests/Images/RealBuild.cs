using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Core.Images;
using NetDeploy.Server.Images;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tests.Images;

/// <summary>A data folder for builds by mmdebstrap, on disk, passable for the build's users.</summary>
internal sealed class RealBuild : IDisposable
{
    public RealBuild()
    {
        Assert.SkipUnless(Missing is null, Missing ?? "");
        Data = Path.Combine(Path.GetTempPath(), $"ndt-images-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Data);
        Posix.ChangeMode(Data, Posix.ReadableFolder);
        Identity = WorkerIdentity.Find("netdeploy-build", Posix.EffectiveUserId);
        Spool = ImageSpool.Create(Path.Combine(Data, "images"), new(Posix.EffectiveUserId, Posix.EffectiveGroupId, Identity.UserId, Identity.GroupId));
        Store = new(Spool, TimeProvider.System, () => new HashSet<string>());
    }

    /// <summary>What this machine lacks for real builds, or null.</summary>
    public static string? Missing { get; } = FindMissing();

    /// <summary>The Debian mirror of this machine's own apt configuration.</summary>
    public static string Mirror => FindMirror()!;

    public string Data { get; }

    public WorkerIdentity Identity { get; }

    public ImageSpool Spool { get; }

    public ImageStore Store { get; }

    public static ImageSpec Spec(string release, string[] packages, params string[] scripts) => new()
    {
        Family = "debian",
        Release = release,
        Architecture = "amd64",
        Repositories = [new(Mirror, release, ["main"])],
        Packages = [.. packages],
        Scripts = [.. scripts],
    };

    /// <summary>Builds in this process.</summary>
    public async Task<ImageState> BuildAsync(ImageSpec spec, BuildLimits? limits = null)
    {
        var builder = new MmdebstrapBuilder(Identity, limits ?? new(), new ImageWorkerOptions { SpoolFolder = Data }.DebianKeyring);
        var worker = new ImageWorker(Spool, builder, 2, Identity.Own, TimeProvider.System, NullLogger.Instance);
        Store.Refresh("k", spec);
        Assert.True(await worker.ProcessNextAsync(TestContext.Current.CancellationToken));
        Assert.Empty(Directory.GetDirectories(Spool.BuildingFolder));
        Assert.Empty(ProcessesBelow(Data));
        return Store.State("k");
    }

    public async Task<ImageBuildFailure> FailAsync(ImageSpec spec, BuildLimits? limits = null)
    {
        var state = await BuildAsync(spec, limits);
        var failure = Assert.IsType<ImageState.Failed>(state).Failure;
        Assert.NotEmpty(failure.Remedy);
        return failure;
    }

    /// <summary>Processes that name this folder on their command line.</summary>
    public static int[] ProcessesBelow(string folder) =>
        [.. Directory.GetDirectories("/proc").Select(path => Path.GetFileName(path)).Where(name => int.TryParse(name, out _))
            .Where(name => CommandLine(name).Contains(folder, StringComparison.Ordinal)).Select(name => int.Parse(name, null))];

    public void Dispose()
    {
        // What a test left when it failed belongs to other users; only the happy path needs no force.
        if (Posix.EffectiveUserId == 0 || Directory.GetDirectories(Spool.BuildingFolder).Length == 0)
        {
            Directory.Delete(Data, recursive: true);
        }
    }

    public static string Run(string tool, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true })!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return text;
    }

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string? FindMissing()
    {
        foreach (var tool in (string[])["mmdebstrap", "newuidmap", "zstd", "setpriv", "prlimit", "apt-get"])
        {
            if (!Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, tool))))
            {
                return $"needs {tool}";
            }
        }

        try
        {
            WorkerIdentity.Find("netdeploy-build", Posix.EffectiveUserId);
        }
        catch (ImageBuilderException e)
        {
            return $"needs the build user: {e.Message} {e.Remedy}";
        }

        return FindMirror() is null ? "needs a Debian mirror in the machine's apt configuration" : null;
    }

    private static string? FindMirror() =>
        Run("apt-get", "indextargets", "--format", "$(REPO_URI)").Split('\n')
            .FirstOrDefault(uri => uri.TrimEnd('/').EndsWith("/debian", StringComparison.Ordinal))?.TrimEnd('/');
}
