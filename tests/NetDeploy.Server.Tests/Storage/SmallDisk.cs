using System.Diagnostics;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tests.Storage;

/// <summary>A small file system of its own, which really gets full: a tmpfs in the mount namespace of another process, which runs one explicit test there.</summary>
internal sealed class SmallDisk(string folder)
{
    private const string FolderVariable = "NETDEPLOY_TEST_SMALL_DISK";

    private readonly string _ballast = Path.Combine(folder, "ballast");

    public string Folder { get; } = folder;

    public long Free => new DriveInfo(Folder).AvailableFreeSpace;

    /// <summary>Runs that test on a file system of so many MiB, and fails as it does.</summary>
    public static async Task RunAsync(int size, string test)
    {
        Assert.SkipUnless(Posix.EffectiveUserId == 0, "needs root, to mount a small tmpfs in a mount namespace of its own");
        using var folder = new TemporaryFolder();
        string[] command =
        [
            "unshare", "--mount", "--propagation", "private", "sh", "-c", $"mount -t tmpfs -o size={size}m,mode=755 ndt-full {folder.Path} && exec \"$@\"", "sh",
            "dotnet", typeof(SmallDisk).Assembly.Location, "--explicit", "only", "--filter-method", $"*{test}",
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

    /// <summary>In the other process.</summary>
    public static SmallDisk Mine()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(folder is null, $"needs {FolderVariable}");
        return new SmallDisk(folder!);
    }

    /// <summary>Fills it but for so many bytes, in whole blocks.</summary>
    public void Fill(long left = 0)
    {
        const int block = 4096;
        using var ballast = new FileStream(_ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var free = Free; free >= left + block; free -= block)
        {
            ballast.Write(new byte[block]);
        }
    }

    public void MakeRoom() => File.Delete(_ballast);
}
