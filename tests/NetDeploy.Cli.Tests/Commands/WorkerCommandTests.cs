using System.Collections.Concurrent;
using System.Diagnostics;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Tests.Commands;

/// <summary><c>netdeploy worker</c> as root starts it: a process of its own, looked at from outside.</summary>
public sealed class WorkerCommandTests : IDisposable
{
    private const string BuildUser = "netdeploy-build";
    private const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("ndt-worker-").FullName;
    private readonly ConcurrentQueue<string> _said = new();

    public WorkerCommandTests() => File.SetUnixFileMode(_folder, Closed | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

    private static string ProgramFolder { get; } = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);

    private static string Program => Path.Combine(ProgramFolder, "NetDeploy.Cli.dll");

    private string Images => Path.Combine(_folder, "images");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_is_the_build_user_writes_only_results_and_ends_with_its_input()
    {
        NeedsRoot();
        var state = Directory.CreateDirectory(Path.Combine(_folder, "state"), Closed).FullName;
        File.WriteAllText(Path.Combine(state, "leases.journal"), "leases");
        using var worker = Start("dotnet", Program);
        try
        {
            await SaysAsync($"Builds images in {Images} as {BuildUser}");
            AssertIsTheBuildUser(worker.Id);
            // What that user can do: the server's state is closed to it, its own results are not.
            Assert.NotEqual(0, As("cat", Path.Combine(state, "leases.journal")));
            Assert.NotEqual(0, As("touch", Path.Combine(Images, "x")));
            Assert.Equal(0, As("touch", Path.Combine(Images, "ready", "x")));

            worker.StandardInput.Close();
            await worker.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
            Assert.Equal(0, worker.ExitCode);
        }
        finally
        {
            worker.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task From_a_folder_that_the_build_user_cannot_read_it_runs_as_a_copy()
    {
        NeedsRoot();
        var clone = Directory.CreateDirectory(Path.Combine(_folder, "root"), Closed).FullName;
        foreach (var file in Directory.GetFiles(ProgramFolder, "*"))
        {
            File.Copy(file, Path.Combine(clone, Path.GetFileName(file)));
        }

        using var worker = Start("dotnet", Path.Combine(clone, "NetDeploy.Cli.dll"));
        try
        {
            await SaysAsync($"The user {BuildUser} cannot read {clone}");
            await SaysAsync($"Builds images in {Images} as {BuildUser}");
            AssertIsTheBuildUser(worker.Id);
            Assert.Contains(Path.Combine(Images, "program-"), File.ReadAllText($"/proc/{worker.Id}/cmdline"), StringComparison.Ordinal);
        }
        finally
        {
            worker.Kill(entireProcessTree: true);
            await worker.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Where_the_build_user_cannot_execute_dotnet_it_says_so_and_stays_root()
    {
        NeedsRoot();
        var sdk = Directory.CreateDirectory(Path.Combine(_folder, "root", ".dotnet"), Closed).FullName;
        var dotnet = Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory().TrimEnd('/'))))!;
        File.SetUnixFileMode(Path.GetDirectoryName(sdk)!, Closed);
        using var worker = Start(
            "unshare", "--mount", "--propagation", "private", "sh", "-c", "mount --bind \"$1\" \"$2\"; shift; here=$1; shift; exec \"$here/dotnet\" \"$@\"", "sh", dotnet, sdk, Program);
        try
        {
            await SaysAsync($"The image worker stays root, and only the commands of its builds run as {BuildUser}");
            await SaysAsync($"Builds images in {Images} as {BuildUser}");
            Assert.Contains("Uid:\t0\t0\t0\t0", File.ReadAllLines($"/proc/{worker.Id}/status"));
        }
        finally
        {
            worker.Kill(entireProcessTree: true);
            await worker.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task It_still_dies_with_the_parent_that_asked_for_that()
    {
        NeedsRoot();
        using var parent = Start("unshare", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "dotnet", Program);
        try
        {
            await SaysAsync($"Builds images in {Images} as {BuildUser}");
            var child = int.Parse(File.ReadAllText($"/proc/{parent.Id}/task/{parent.Id}/children"), System.Globalization.CultureInfo.InvariantCulture);
            AssertIsTheBuildUser(child);
            var worker = ProcessIdentity.Of(child)!;

            // Its input stays open: only the parent's death can end it.
            parent.Kill();

            for (var clock = Stopwatch.StartNew(); worker.IsAlive; await Task.Delay(50, TestContext.Current.CancellationToken))
            {
                Assert.True(clock.Elapsed < Patience, "the worker outlived its parent");
            }
        }
        finally
        {
            parent.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task A_user_that_does_not_exist_is_a_fault_with_the_commands()
    {
        NeedsRoot();
        using var worker = Start(["dotnet", Program], user: "ndt-nobody");
        await worker.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(1, worker.ExitCode);
        await SaysAsync("useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin ndt-nobody");
        Assert.False(Directory.Exists(Images));
    }

    private static void NeedsRoot()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root");
        Assert.SkipUnless(File.ReadLines("/etc/subuid").Any(line => line.StartsWith(BuildUser + ":", StringComparison.Ordinal)), $"needs the user {BuildUser} with subordinate ids");
    }

    private static void AssertIsTheBuildUser(int process)
    {
        var id = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Single(fields => fields[0] == BuildUser)[2];
        var status = File.ReadAllLines($"/proc/{process}/status");
        Assert.Contains($"Uid:\t{id}\t{id}\t{id}\t{id}", status);
        Assert.All(["CapInh", "CapPrm", "CapEff", "CapAmb"], set => Assert.Contains($"{set}:\t0000000000000000", status));
    }

    private static int As(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(
            "setpriv", ["--reuid", BuildUser, "--regid", BuildUser, "--init-groups", "--inh-caps=-all", "--", .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.WaitForExit();
        return process.ExitCode;
    }

    private Process Start(params string[] program) => Start(program, BuildUser);

    private Process Start(string[] program, string user)
    {
        var process = Process.Start(new ProcessStartInfo(program[0], [.. program[1..], "worker", "--images", Images, "--user", user, "--until-stdin-ends"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        })!;
        process.ErrorDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        process.BeginErrorReadLine();
        return process;
    }

    private async Task SaysAsync(string text)
    {
        for (var clock = Stopwatch.StartNew(); !_said.Any(line => line.Contains(text, StringComparison.Ordinal)); await Task.Delay(50, TestContext.Current.CancellationToken))
        {
            Assert.True(clock.Elapsed < Patience, $"it did not say '{text}' but:\n{string.Join('\n', _said)}");
        }
    }
}
