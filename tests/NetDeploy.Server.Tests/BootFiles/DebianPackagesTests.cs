using NetDeploy.Server.BootFiles;

namespace NetDeploy.Server.Tests.BootFiles;

/// <summary>The real fetcher against mirrors that are not there, not signed, or real.</summary>
public sealed class DebianPackagesTests : IDisposable
{
    private readonly Scratch scratch = new();

    [Fact]
    public async Task An_unreachable_mirror_is_named()
    {
        NeedsApt();

        var e = await Assert.ThrowsAsync<BootFilesException>(() => Sync("http://127.0.0.1:9/debian"));

        Assert.Equal(BootFilesFault.MirrorUnreachable, e.Fault);
        Assert.Contains("http://127.0.0.1:9/debian", e.Message);
    }

    [Fact]
    public async Task An_unsigned_archive_is_never_taken()
    {
        NeedsApt();
        foreach (var suite in (string[])["bookworm", "bookworm-updates"])
        {
            scratch.Write($"mirror/dists/{suite}/main/binary-amd64/Packages", "");
            scratch.Write($"mirror/dists/{suite}/Release", $"""
                Origin: Debian
                Suite: {suite}
                Codename: {suite}
                Date: Sat, 01 Jan 2022 00:00:00 UTC
                Architectures: amd64
                Components: main
                SHA256:
                 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/binary-amd64/Packages

                """);
        }

        var e = await Assert.ThrowsAsync<BootFilesException>(() => Sync($"file://{scratch.Path}/mirror"));

        Assert.Equal(BootFilesFault.BadSignature, e.Fault);
        Assert.False(Directory.Exists(Path.Combine(scratch.Path, "cache/loaders/current")));
    }

    [Fact]
    [Trait("Category", "Full")]
    public async Task Loaders_come_from_the_machines_own_mirror()
    {
        NeedsApt();

        var folder = await Sync(null);

        var entries = LoaderList.Load(SourceTree.BootFiles);
        var faults = BootFilesCatalog.LoaderFaults(
            BootFilesFolder.Current(Path.Combine(scratch.Path, "cache/loaders")), entries, out var loaders);
        Assert.Empty(faults);
        Assert.Equal(entries.Length, loaders.Count);
        // EFI programs start with MZ; shim's signature is the part that cannot be made by anyone else.
        Assert.All(loaders.Where(l => l.Key.EndsWith(".efi", StringComparison.Ordinal)),
            l => Assert.Equal("MZ"u8, File.ReadAllBytes(l.Value.Path).AsSpan(0, 2)));
        Assert.Contains("GPL", File.ReadAllText(Path.Combine(folder, "licences/ipxe")));
        Assert.Equal(folder, await Sync(null));
    }

    public void Dispose() => scratch.Dispose();

    private Task<string> Sync(string? mirror) => BootFilesSync.RunAsync(
        Path.Combine(scratch.Path, "cache"),
        new BootFilesOptions { Sources = SourceTree.BootFiles, Mirror = mirror },
        progress: null,
        TestContext.Current.CancellationToken);

    private static void NeedsApt()
    {
        Assert.SkipUnless(SourceTree.Tool("apt-get") is not null, "needs apt-get");
        Assert.SkipUnless(File.Exists("/usr/share/keyrings/debian-archive-keyring.gpg"), "needs debian-archive-keyring");
    }
}
