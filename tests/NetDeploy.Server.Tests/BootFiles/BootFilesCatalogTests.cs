using System.Collections.Immutable;
using NetDeploy.Server.BootFiles;

namespace NetDeploy.Server.Tests.BootFiles;

public sealed class BootFilesCatalogTests : IDisposable
{
    private const string List = """
        loaders:
          - {name: undionly.kpxe, package: ipxe, file: usr/lib/ipxe/undionly.kpxe, licence: GPL-2.0-or-later, use: BIOS}
          - {name: grubx64.efi, package: grub, file: usr/grubx64, licence: GPL-3.0-or-later, prefix: some/grub, use: UEFI}
        """;

    private readonly Scratch scratch = new();

    private string Cache => scratch.Path;

    [Fact]
    public void An_empty_cache_names_every_file_with_its_remedy()
    {
        scratch.Write("sources/loaders.yaml", List);

        var catalog = Load();

        Assert.Empty(catalog.Loaders);
        Assert.Null(catalog.Environment);
        Assert.Equal(
            ["undionly.kpxe: was never fetched; remedy: netdeploy bootfiles sync",
             "grubx64.efi: was never fetched; remedy: netdeploy bootfiles sync",
             "deploy environment: was never built; remedy: netdeploy bootfiles build"],
            catalog.Faults.Select(f => f.ToString()));
        Assert.StartsWith("Boot files are missing or damaged: undionly.kpxe was never fetched; grubx64.efi", catalog.Fault!.Message, StringComparison.Ordinal);
        Assert.Equal($"Run netdeploy bootfiles sync --cache {Cache} and netdeploy bootfiles build --cache {Cache}.", catalog.Fault.Remedy);
        Assert.Equal("Run netdeploy bootfiles sync and netdeploy bootfiles build.", (catalog with { Folder = BootFilesCatalog.DefaultFolder }).Fault!.Remedy);
    }

    [Fact]
    public void A_whole_cache_has_no_fault_and_gives_paths()
    {
        Fill();

        var catalog = Load();

        Assert.Empty(catalog.Faults);
        Assert.Equal("grub!", File.ReadAllText(catalog.Loaders["grubx64.efi"].Path));
        Assert.Null(catalog.Fault);
        Assert.Equal("kernel", File.ReadAllText(catalog.Environment!.Kernel.Path));
        Assert.Equal("6.1.0-1-amd64", catalog.Environment.KernelVersion);
        Assert.Equal("1:1.35", catalog.Environment.Packages["busybox-static"]);
    }

    [Theory]
    [InlineData("loaders/current/grubx64.efi", null, "grubx64.efi: is missing in", "sync")]
    [InlineData("loaders/current/grubx64.efi", "grub", "grubx64.efi: has 4 bytes, its manifest says 5", "sync")]
    [InlineData("loaders/current/grubx64.efi", "GRUB!", "grubx64.efi: is damaged", "sync")]
    [InlineData("loaders/current/manifest.json", "{", "undionly.kpxe: was never fetched", "sync")]
    [InlineData("environment/current/initrd", "inITrd", "deploy environment: initrd: is damaged", "build")]
    [InlineData("environment/current/vmlinuz", null, "deploy environment: vmlinuz: is missing", "build")]
    [InlineData("environment/current/manifest", "", "deploy environment: its manifest is missing or damaged", "build")]
    public void A_damaged_file_is_named_with_its_remedy(string file, string? content, string reason, string remedy)
    {
        Fill();
        if (content is null)
        {
            File.Delete(Path.Combine(Cache, file));
        }
        else
        {
            File.WriteAllText(Path.Combine(Cache, file), content);
        }

        var fault = Load().Faults[0];

        Assert.StartsWith(reason, fault.ToString());
        Assert.Equal($"netdeploy bootfiles {remedy}", fault.Remedy);
    }

    [Fact]
    public void What_is_damaged_is_not_offered()
    {
        Fill();
        File.WriteAllText(Path.Combine(Cache, "loaders/current/grubx64.efi"), "GRUB!");

        var catalog = Load();

        Assert.Equal(["undionly.kpxe"], catalog.Loaders.Keys);
        Assert.NotNull(catalog.Environment);
    }

    [Fact]
    public async Task An_environment_of_other_scripts_is_told_and_built_anew()
    {
        Fill();
        var sources = Path.Combine(Cache, "sources");
        scratch.Write("sources/deploy/init", "one");
        scratch.Script("sources/build-deploy-environment", "echo built >>\"${0%/*}/../built\"\n");
        Assert.True(Load().Outdated);
        Assert.Contains($"netdeploy bootfiles build --cache {Cache}", Load().Warning, StringComparison.Ordinal);

        File.AppendAllText(Path.Combine(Cache, "environment/e1/manifest"), $"sources {DeployEnvironmentSources.Hash(sources)}\n");
        Assert.False(Load().Outdated);
        Assert.Null(Load().Warning);
        await Ensure();
        Assert.False(File.Exists(Path.Combine(Cache, "built")));

        scratch.Write("sources/deploy/lib/new.sh", "");
        Assert.True(Load().Outdated);
        await Ensure();
        Assert.True(File.Exists(Path.Combine(Cache, "built")));

        Task Ensure() => BootFilesCatalog.EnsureAsync(Cache, new BootFilesOptions { Sources = sources }, progress: null, TestContext.Current.CancellationToken);
    }

    /// <summary>The script computes it by shell, the server by itself.</summary>
    [Fact]
    public async Task Script_and_server_compute_the_same_hash_of_the_sources()
    {
        var script = await File.ReadAllTextAsync(Path.Combine(SourceTree.BootFiles, "build-deploy-environment"), TestContext.Current.CancellationToken);
        var line = script.Split('\n').Single(l => l.StartsWith("(cd \"$here\"", StringComparison.Ordinal)).Replace("\"$work/sources\"", "\"$1\"", StringComparison.Ordinal);
        var list = Path.Combine(Cache, "list");

        var result = await ShellRun.Async("sh", ["-c", $"LC_ALL=C; export LC_ALL; here=$2; {line}; sha256sum <\"$1\" | cut -d ' ' -f 1", "sh", list, SourceTree.BootFiles]);

        Assert.Equal(DeployEnvironmentSources.Hash(SourceTree.BootFiles), result.Output.Trim());
    }

    [Fact]
    public void A_switch_keeps_the_build_before_and_removes_older_ones()
    {
        var kind = Path.Combine(Cache, "kind");
        foreach (var id in (string[])["one", "two", "three"])
        {
            Directory.CreateDirectory(Path.Combine(kind, id));
            BootFilesFolder.Switch(kind, id);
            Assert.Equal(Path.Combine(kind, id), BootFilesFolder.Current(kind));
        }

        Assert.Equal(["current", "three", "two"], Directory.GetFileSystemEntries(kind).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task An_intact_cache_needs_no_mirror()
    {
        Fill();
        var options = new BootFilesOptions { Sources = Path.Combine(Cache, "sources"), Mirror = "http://127.0.0.1:1/debian" };

        var catalog = await BootFilesCatalog.EnsureAsync(Cache, options, progress: null, TestContext.Current.CancellationToken);

        Assert.Empty(catalog.Faults);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sync_or_build_waits_for_the_process_that_works_on_the_cache(bool sync)
    {
        // Sources without scripts: whoever gets past the lock fails at once.
        var options = new BootFilesOptions { Sources = Path.Combine(Cache, "sources"), Mirror = "http://127.0.0.1:1/debian" };
        var said = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = await BootFilesFolder.LockAsync(Cache, progress: null, TestContext.Current.CancellationToken);
        var run = sync
            ? BootFilesSync.RunAsync(Cache, options, new Lines(said), TestContext.Current.CancellationToken)
            : DeployEnvironmentBuild.RunAsync(Cache, options, new Lines(said), TestContext.Current.CancellationToken);
        Assert.Contains(Path.Combine(Cache, "lock"), await said.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.False(run.IsCompleted);
        await held.DisposeAsync();
        await Assert.ThrowsAsync<BootFilesException>(() => run.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_cache_that_cannot_be_made_is_named_with_a_remedy()
    {
        scratch.Write("file", "");
        var fault = await Assert.ThrowsAsync<BootFilesException>(() => BootFilesFolder.LockAsync(Path.Combine(Cache, "file", "cache"), null, TestContext.Current.CancellationToken));
        Assert.Contains("--cache", fault.Remedy, StringComparison.Ordinal);
    }

    public void Dispose() => scratch.Dispose();

    private sealed class Lines(TaskCompletionSource<string> first) : IProgress<string>
    {
        public void Report(string value) => first.TrySetResult(value);
    }

    private BootFilesCatalog Load() => BootFilesCatalog.Load(Cache, Path.Combine(Cache, "sources"));

    private void Fill()
    {
        scratch.Write("sources/loaders.yaml", List);
        scratch.Write("loaders/b1/undionly.kpxe", "ipxe");
        scratch.Write("loaders/b1/grubx64.efi", "grub!");
        var folder = Path.Combine(Cache, "loaders/b1");
        InstalledLoader Installed(string name) => new(
            name, "p", "1", BootFilesFolder.Sha256(Path.Combine(folder, name)), new FileInfo(Path.Combine(folder, name)).Length, "L");
        new InstalledLoaders("bookworm", [Installed("undionly.kpxe"), Installed("grubx64.efi")]).Write(folder);
        BootFilesFolder.Switch(Path.Combine(Cache, "loaders"), "b1");

        var kernel = BootFilesFolder.Sha256(scratch.Write("environment/e1/vmlinuz", "kernel"));
        var initrd = BootFilesFolder.Sha256(scratch.Write("environment/e1/initrd", "initrd"));
        scratch.Write("environment/e1/manifest",
            $"build-id e1\nsuite bookworm\nkernel 6.1.0-1-amd64\nfile vmlinuz {kernel} 6\nfile initrd {initrd} 6\npackage busybox-static 1:1.35 abc\n");
        BootFilesFolder.Switch(Path.Combine(Cache, "environment"), "e1");
    }
}
