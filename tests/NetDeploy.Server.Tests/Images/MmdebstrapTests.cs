using System.Collections.Immutable;
using NetDeploy.Core.Images;
using NetDeploy.Server.Images;

namespace NetDeploy.Server.Tests.Images;

/// <summary>What goes to mmdebstrap and what is read from it.</summary>
public sealed class MmdebstrapTests
{
    [Theory]
    [InlineData("E: Unable to locate package nosuch", ImageFailureKind.UnknownPackage, "'nosuch'")]
    [InlineData("E: Package 'gone' has no installation candidate", ImageFailureKind.UnknownPackage, "'gone'")]
    [InlineData("  Could not resolve 'mirror.example'", ImageFailureKind.MirrorUnreachable, "mirror.example")]
    [InlineData("  Could not connect to 192.0.2.1:80 (192.0.2.1), connection timed out", ImageFailureKind.MirrorUnreachable, "192.0.2.1")]
    [InlineData("W: GPG error: http://m bookworm InRelease: The following signatures were invalid: BADSIG 1", ImageFailureKind.BadSignature, "BADSIG")]
    [InlineData("W: GPG error: x: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 1", ImageFailureKind.BadSignature, "NO_PUBKEY")]
    [InlineData("E: The repository 'http://m bookworm Release' is not signed.", ImageFailureKind.BadSignature, "not signed")]
    [InlineData("E: The repository 'http://m sid2 Release' does not have a Release file.", ImageFailureKind.SuiteMissing, "sid2")]
    [InlineData("tar: ./x: Wrote only 512 of 10240 bytes: No space left on device", ImageFailureKind.DiskFull, "No space")]
    [InlineData("netdeploy: build script 3 failed with exit status 9", ImageFailureKind.ScriptFailed, "3 failed with exit status 9")]
    [InlineData("zstd: error 11 : Allocation error : Cannot allocate memory", ImageFailureKind.MemoryLimit, "memory")]
    [InlineData("newuidmap: uid range [0-65536) -> [1000000-1065536) not allowed", ImageFailureKind.BuildUser, "newuidmap")]
    [InlineData("E: something never seen", ImageFailureKind.Other, "something never seen")]
    public void A_log_says_why_a_build_failed(string line, ImageFailureKind kind, string reason)
    {
        var failure = MmdebstrapFailure.From(["I: running apt-get update...", line, "E: run_chroot failed"], 1);
        if (kind != ImageFailureKind.Other)
        {
            Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        }

        Assert.Equal(kind, failure.Kind);
        Assert.NotEmpty(failure.Remedy);
    }

    [Fact]
    public void A_full_disk_explains_the_script_that_failed_for_it() =>
        Assert.Equal(
            ImageFailureKind.DiskFull,
            MmdebstrapFailure.From(["cp: No space left on device", "netdeploy: build script 1 failed with exit status 1"], 1).Kind);

    [Fact]
    public void Progress_never_falls_and_counts_packages()
    {
        var reading = new MmdebstrapProgress();
        string[] log =
        [
            "I: running apt-get update...", "I: downloading packages with apt...", "0 upgraded, 2 newly installed, 0 to remove",
            "Get:1 http://m a", "Get:2 http://m b", "I: extracting archives...", "I: installing essential packages...",
            "I: installing remaining packages inside the chroot...", "0 upgraded, 2 newly installed, 0 to remove", "noise",
            "Unpacking a (1) ...", "Unpacking b (1) ...", "Setting up a (1) ...", "Setting up b (1) ...",
            "netdeploy: build script 1 of 1", "I: cleaning package lists and apt cache...", "I: creating tarball...",
        ];
        var seen = log.Select(reading.Read).OfType<ImageBuildProgress>().ToArray();

        Assert.Equal(14, seen.Length);
        Assert.Equal(seen.Select(progress => progress.Percent).Order(), seen.Select(progress => progress.Percent));
        Assert.Equal(seen.Select(progress => progress.Step).Order(), seen.Select(progress => progress.Step));
        Assert.Contains(new ImageBuildProgress(ImageBuildStep.Install, 57, "unpacking b"), seen);
        Assert.Contains(new ImageBuildProgress(ImageBuildStep.Scripts, 80, "build script 1 of 1"), seen);
    }

    [Fact]
    public void The_command_line_is_unprivileged_and_bounded()
    {
        var spec = SpoolFixture.Spec() with { Packages = ["openssh-server", "sudo"], Scripts = ["true"] };
        var words = MmdebstrapCommand.Arguments("/w", spec, new() { MemoryBytes = 1000, FileBytes = 2000 }).ToArray();
        Assert.Equal(
            [
                "prlimit", "--as=1000", "--fsize=2000", "--core=0", "mmdebstrap", "--verbose", "--mode=unshare", "--variant=minbase", "--format=tar",
                "--architectures=amd64", "--include=openssh-server,sudo", "--customize-hook=/w/scripts", "--customize-hook=/w/identity",
                "bookworm", "-", "/w/debian.sources",
            ],
            words);
        Assert.Contains("--essential-hook=/w/prepare", MmdebstrapCommand.Arguments("/w", spec with { Packages = ["linux-image-amd64"] }, new()));
    }

    [Fact]
    public void The_images_sources_are_the_specs_and_name_their_keys()
    {
        var spec = SpoolFixture.Spec() with
        {
            Repositories = [new("http://a.example/debian", "bookworm", ["main", "contrib"]), new("http://b.example/s", "bookworm-security", ["main"])],
        };
        Assert.Equal(
            "Types: deb\nURIs: http://a.example/debian\nSuites: bookworm\nComponents: main contrib\nSigned-By: /k.gpg\n\n"
            + "Types: deb\nURIs: http://b.example/s\nSuites: bookworm-security\nComponents: main\nSigned-By: /k.gpg\n",
            MmdebstrapCommand.Sources(spec, "/k.gpg"));
    }

    private const string Key = "-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: x\n\nmDMEaw==\n=cj7K\n-----END PGP PUBLIC KEY BLOCK-----\n";

    [Fact]
    public void A_repositorys_own_key_stands_within_its_source()
    {
        var spec = SpoolFixture.Spec() with { Repositories = [new("http://c.example/x", "stable", ["main"], Key)] };
        Assert.Null(ImageSpecRules.FirstFault(spec));
        Assert.Equal(
            "Types: deb\nURIs: http://c.example/x\nSuites: stable\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n Comment: x\n .\n"
            + " mDMEaw==\n =cj7K\n -----END PGP PUBLIC KEY BLOCK-----\n",
            MmdebstrapCommand.Sources(spec, "/k.gpg"));
    }

    public static TheoryData<ImageSpec> Refused()
    {
        var good = SpoolFixture.Spec();
        ImageSpec With(string uri, string suite = "bookworm", string component = "main") =>
            good with { Repositories = [new(uri, suite, [component])] };
        return
        [
            good with { Family = "gentoo" },
            good with { Release = "--mode=root" },
            good with { Architecture = "amd64 i386" },
            good with { Repositories = [] },
            good with { Packages = ["-oDebug=1"] },
            good with { Packages = ["a,b"] },
            good with { Packages = ["?essential"] },
            good with { Packages = ["./local.deb"] },
            good with { Packages = ["bash\n"] },
            good with { Scripts = [new string('x', ImageSpecRules.MaximumScriptCharacters + 1)] },
            With("file:///etc"),
            With("copy:/etc"),
            With("http://user:secret@mirror.example/debian"),
            With("http://m.example/ debian"),
            With("http://m.example/\nTrusted: yes"),
            With("http://m.example/debian", "bookworm\nTrusted: yes"),
            With("http://m.example/debian", "bookworm", "main\nTrusted: yes"),
            good with { Repositories = [new("http://m.example/debian", "bookworm", ["main"], "Trusted: yes")] },
            good with { Repositories = [new("http://m.example/debian", "bookworm", ["main"], Key + "Trusted: yes\n")] },
            good with { Repositories = [new("http://m.example/debian", "bookworm", ["main"], Key.Replace("mDMEaw", "\u0001", StringComparison.Ordinal))] },
        ];
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_spec_with_words_that_mean_something_else_is_refused(ImageSpec spec) => Assert.NotNull(ImageSpecRules.FirstFault(spec));

    [Fact]
    public void An_ordinary_spec_is_accepted() =>
        Assert.Null(ImageSpecRules.FirstFault(SpoolFixture.Spec() with { Packages = ["g++", "libc6:amd64", "linux-image-6.1.0-1-amd64"] }));

    [Fact]
    public void A_log_is_bounded_and_clean()
    {
        var path = Path.GetTempFileName();
        try
        {
            using (var log = new BuildLog(path))
            {
                log.Write("\u001b[31mred\u0007");
                Assert.Equal(["?[31mred?"], log.Tail);
                for (var line = 0; line < 6000; line++)
                {
                    log.Write($"{line} {new string('x', 5000)}");
                }

                Assert.Equal(BuildLog.TailLines, log.Tail.Length);
                Assert.StartsWith("5999 ", log.Tail[^1], StringComparison.Ordinal);
            }

            Assert.InRange(new FileInfo(path).Length, BuildLog.MaximumFileBytes, BuildLog.MaximumFileBytes + 10_000);
            Assert.EndsWith("(the log is cut here)\n", File.ReadAllText(path), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_line_without_end_takes_no_memory()
    {
        using var text = new StringReader(new string('x', 1_000_000) + "\r\nnext\nlast");
        var lines = new List<string>();
        await foreach (var line in BoundedLines.ReadAsync(text, 100))
        {
            lines.Add(line);
        }

        Assert.Equal([new string('x', 100), "next", "last"], lines.ToImmutableArray());
    }
}
