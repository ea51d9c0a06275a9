using System.Collections;
using System.Diagnostics;
using NetDeploy.Server.Images;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tests.Images;

public sealed class PrivilegeDropTests : IDisposable
{
    private const string BuildUser = "netdeploy-build";

    private readonly string _folder = Directory.CreateTempSubdirectory("ndt-drop-").FullName;

    public PrivilegeDropTests() => Posix.ChangeMode(_folder, Posix.ReadableFolder);

    private string Images => Path.Combine(_folder, "images");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_command_names_both_ids_the_groups_and_every_capability_set()
    {
        var drop = new PrivilegeDrop(new(BuildUser, 990, 980, Drops: true));
        Assert.Equal(
            [
                "setpriv", "--reuid", "990", "--regid", "980", "--init-groups", "--inh-caps=-all", "--ambient-caps=-all",
                "--bounding-set=-all,+setuid,+setgid,+sys_admin,+dac_override", "--pdeathsig", "keep", "--", "dotnet", "x.dll",
            ],
            drop.Wrap(["dotnet", "x.dll"]));
    }

    [Fact]
    public void Of_the_environment_only_what_the_worker_needs_goes_along()
    {
        var environment = new Hashtable
        {
            ["PATH"] = "/usr/bin", ["HOME"] = "/root", ["API_TOKEN"] = "secret", ["https_proxy"] = "http://proxy.example:3128",
            ["DOTNET_ROOT"] = "/usr/share/dotnet", ["CREDENTIALS_DIRECTORY"] = "/run/credentials/x", ["TMPDIR"] = "/root/tmp",
        };
        Assert.Equal(
            ["DOTNET_ROOT=/usr/share/dotnet", "PATH=/usr/bin", "https_proxy=http://proxy.example:3128", "HOME=/"], PrivilegeDrop.Keep(environment));
    }

    [Fact]
    public void The_worker_writes_what_it_must_and_the_folder_is_the_servers()
    {
        var (drop, identity) = NeedsRoot();
        // As an older version left it: everything the build user's.
        ImageSpool.Create(Images, new(identity.UserId, identity.GroupId, identity.UserId, identity.GroupId));
        var spool = ImageSpool.Create(Images, new(0, 0, identity.UserId, identity.GroupId));

        string[] words = ["root:root 755", $"root:{BuildUser} 2770", .. Enumerable.Repeat($"{BuildUser}:{BuildUser} 755", 4), "root:root 644", "root:root 644"];
        Assert.Equal(words, RealBuild.Run(
            "stat", "--format", "%U:%G %a", spool.Root, spool.QueueFolder, spool.BuildingFolder, spool.ReadyFolder, spool.BlobFolder, spool.FailedFolder,
            spool.WorkerLock, spool.PublishLock).TrimEnd().Split('\n'));

        // What the server writes there, the worker can take away; its folder it cannot exchange.
        var store = new ImageStore(spool, TimeProvider.System, () => new HashSet<string>());
        store.Request("k", SpoolFixture.Spec());
        Assert.Equal(0, As(drop, "mv", spool.RequestFile("k"), Path.Combine(spool.BuildingFolder, "k.json")));
        Assert.NotEqual(0, As(drop, "mv", spool.QueueFolder, spool.QueueFolder + "2"));
        Assert.NotEqual(0, As(drop, "touch", Path.Combine(spool.Root, "x")));
    }

    [Fact]
    public void A_server_foresees_what_its_worker_will_complain_of_and_changes_nothing()
    {
        NeedsRoot();
        var options = new ImageWorkerOptions { SpoolFolder = Images, BuildUser = BuildUser };
        var dotnet = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "closed"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName, "dotnet");
        File.WriteAllText(dotnet, "");
        var program = RunningProgram.Current;

        var warning = ImageWorkerProcess.Foresee(options, program with { Command = [dotnet, .. program.OwnFiles] })!;
        Assert.StartsWith($"The image worker stays root, and only the commands of its builds run as {BuildUser}, because that user cannot execute {dotnet}.", warning, StringComparison.Ordinal);
        Assert.Contains("Remedy: install .NET", warning, StringComparison.Ordinal);
        Assert.Contains("useradd", ImageWorkerProcess.Foresee(options with { BuildUser = "ndt-nobody" }, program), StringComparison.Ordinal);
        var drop = new PrivilegeDrop(WorkerIdentity.Find(BuildUser, 0));
        Assert.Equal(program.RuntimeFiles.All(drop.CanRead), ImageWorkerProcess.Foresee(options, program) is null);
        Assert.False(Directory.Exists(Images));
    }

    [Fact]
    public void A_link_in_the_place_of_a_folder_of_the_spool_does_not_lead_root_away()
    {
        var (_, identity) = NeedsRoot();
        var elsewhere = Path.Combine(_folder, "elsewhere");
        Directory.CreateDirectory(elsewhere, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateDirectory(Images);
        File.CreateSymbolicLink(Path.Combine(Images, "queue"), elsewhere);

        var error = Assert.Throws<IOException>(() => ImageSpool.Create(Images, new(0, 0, identity.UserId, identity.GroupId)));

        Assert.Contains(elsewhere, error.Message, StringComparison.Ordinal);
        Assert.Equal("root 700\n", RealBuild.Run("stat", "--format", "%U %a", elsewhere));
    }

    [Fact]
    public void A_program_that_the_build_user_cannot_read_is_copied_once_and_an_older_copy_goes()
    {
        var (drop, identity) = NeedsRoot();
        var spool = ImageSpool.Create(Images, new(0, 0, identity.UserId, identity.GroupId));
        var closed = Directory.CreateDirectory(Path.Combine(_folder, "closed"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        Directory.CreateDirectory(Path.Combine(closed, "runtimes", "linux"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(closed, "x.dll"), "program");
        File.WriteAllText(Path.Combine(closed, "runtimes", "linux", "y.so"), "library");
        File.SetUnixFileMode(Path.Combine(closed, "x.dll"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var program = new RunningProgram(closed, ["/usr/bin/dotnet", Path.Combine(closed, "x.dll")]);
        Assert.False(drop.CanRead(program.Command[1]));

        var copy = new ProgramCopies(spool).Of(program);

        Assert.Equal(["/usr/bin/dotnet", Path.Combine(copy.Folder, "x.dll")], copy.Command);
        Assert.Equal("program", File.ReadAllText(copy.Command[1]));
        Assert.True(drop.CanRead(copy.Command[1]));
        Assert.True(drop.CanRead(Path.Combine(copy.Folder, "runtimes", "linux", "y.so")));
        Assert.NotEqual(0, As(drop, "touch", copy.Command[1]));
        Assert.Equal(copy.Folder, new ProgramCopies(spool).Of(program).Folder);

        File.WriteAllText(Path.Combine(closed, "x.dll"), "another program");
        var next = new ProgramCopies(spool).Of(program);
        Assert.NotEqual(copy.Folder, next.Folder);
        Assert.Equal([next.Folder], Directory.GetDirectories(spool.Root, "program-*"));
    }

    [Fact]
    public async Task A_worker_of_root_runs_as_the_build_user_without_capabilities_and_keeps_its_process_id()
    {
        var (_, identity) = NeedsRoot();
        using var worker = WorkerProcessEntry.Start(_folder);
        try
        {
            await UntilAsync(() => SpoolLock.IsHeld(Path.Combine(Images, "worker.lock")));
            var status = File.ReadAllLines($"/proc/{worker.Id}/status");
            Assert.Contains($"Uid:\t{identity.UserId}\t{identity.UserId}\t{identity.UserId}\t{identity.UserId}", status);
            Assert.Contains($"Gid:\t{identity.GroupId}\t{identity.GroupId}\t{identity.GroupId}\t{identity.GroupId}", status);
            Assert.All(["CapInh", "CapPrm", "CapEff", "CapAmb"], set => Assert.Contains($"{set}:\t0000000000000000", status));
            Assert.Contains("CapBnd:\t00000000002000c2", status);
        }
        finally
        {
            worker.Kill();
            await worker.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    private static (PrivilegeDrop Drop, WorkerIdentity Identity) NeedsRoot()
    {
        Assert.SkipUnless(Posix.EffectiveUserId == 0, "needs root");
        Assert.SkipUnless(RealBuild.Missing is null, RealBuild.Missing ?? "");
        var identity = WorkerIdentity.Find(BuildUser, 0);
        return (new(identity), identity);
    }

    private static int As(PrivilegeDrop drop, params string[] command)
    {
        var words = drop.Wrap(command).ToArray();
        using var process = Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var clock = Stopwatch.StartNew(); !condition();)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(1), "the condition did not come true in time");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
