using NetDeploy.Core.Mirrors;

namespace NetDeploy.Core.Tests.Mirrors;

public sealed class MirrorPathTests
{
    [Theory]
    [InlineData("dists/trixie/InRelease", "dists/trixie/InRelease")]
    [InlineData("pool/main/g/g%2b%2b/g++_1%7ebeta%3a2.deb", "pool/main/g/g++/g++_1~beta:2.deb")]
    [InlineData("pool/main/g/g++/g++_1~b.deb", "pool/main/g/g++/g++_1~b.deb")]
    [InlineData("%64ists/x", "dists/x")]
    [InlineData("a..b/.hidden", "a..b/.hidden")]
    public void What_archives_use_has_one_spelling(string raw, string expected)
    {
        Assert.True(MirrorPath.TryParse(raw, out var path, out _));
        Assert.Equal(expected, path.Text);
        Assert.True(MirrorPath.TryParse(path.Escaped, out var again, out _));
        Assert.Equal(path, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("dists/")]
    [InlineData("dists//x")]
    [InlineData("..")]
    [InlineData("dists/../../secret")]
    [InlineData("dists/./x")]
    [InlineData("dists/.../x")]
    [InlineData("dists/%2e%2e/x")]
    [InlineData("dists/%2E./x")]
    [InlineData("dists%2fx")]
    [InlineData("dists/%252e%252e/x")]
    [InlineData("dists/%25")]
    [InlineData("dists/%")]
    [InlineData("dists/%4")]
    [InlineData("dists/%zz")]
    [InlineData("dists/%00x")]
    [InlineData("dists/x%0d%0aHost:y")]
    [InlineData("dists\\..\\x")]
    [InlineData("dists/x?y=z")]
    [InlineData("dists/x#y")]
    [InlineData("dists/x y")]
    [InlineData("dists/\u00fc")]
    [InlineData("dists/%c3%bc")]
    [InlineData("http://other.example/x")]
    public void Anything_else_is_refused_with_a_reason(string raw)
    {
        Assert.False(MirrorPath.TryParse(raw, out _, out var reason));
        Assert.NotEmpty(reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("dists/")]
    public void Who_asks_for_a_folder_is_told_that_there_are_files_alone(string raw)
    {
        Assert.False(MirrorPath.TryParse(raw, out _, out var reason));
        Assert.Contains("serve files", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Length_and_depth_are_bounded()
    {
        Assert.True(MirrorPath.TryParse(new string('a', MirrorPath.MaximumLength), out _, out _));
        Assert.False(MirrorPath.TryParse(new string('a', MirrorPath.MaximumLength + 1), out _, out _));
        Assert.True(MirrorPath.TryParse(string.Join('/', Enumerable.Repeat("a", MirrorPath.MaximumDepth)), out _, out _));
        Assert.False(MirrorPath.TryParse(string.Join('/', Enumerable.Repeat("a", MirrorPath.MaximumDepth + 1)), out _, out _));
    }

    public static TheoryData<string, MirrorFile> Files => new()
    {
        { "pool/main/h/hello/hello_1_amd64.deb", new MirrorFile.Pooled() },
        { "debian/pool/main/x.deb", new MirrorFile.Pooled() },
        { "pool", new MirrorFile.Loose() },
        { "dists/trixie/InRelease", new MirrorFile.ReleaseOf("trixie", ReleaseForm.Inline) },
        { "dists/trixie/Release", new MirrorFile.ReleaseOf("trixie", ReleaseForm.Detached) },
        { "dists/trixie/Release.gpg", new MirrorFile.ReleaseOf("trixie", ReleaseForm.Signature) },
        { "dists/stable/updates/InRelease", new MirrorFile.ReleaseOf("stable/updates", ReleaseForm.Inline) },
        { "dists/stable/updates/Release", new MirrorFile.ReleaseOf("stable/updates", ReleaseForm.Detached) },
        { "dists/stable/updates/main/binary-amd64/Packages.xz", new MirrorFile.OfSuite("stable/updates", "main/binary-amd64/Packages.xz") },
        { "dists/trixie/main/binary-amd64/Release", new MirrorFile.OfSuite("trixie", "main/binary-amd64/Release") },
        { "dists/trixie/main/binary-amd64/Packages.xz", new MirrorFile.OfSuite("trixie", "main/binary-amd64/Packages.xz") },
        { "dists/trixie/main/pool/x", new MirrorFile.OfSuite("trixie", "main/pool/x") },
        { "dists/trixie/main/binary-amd64/by-hash/SHA256/" + new string('a', 64), new MirrorFile.ByHash(new string('a', 64)) },
        { "dists/trixie/main/binary-amd64/by-hash/SHA256/" + new string('A', 64), new MirrorFile.WeakHash("SHA256") },
        { "dists/trixie/main/binary-amd64/by-hash/MD5Sum/" + new string('a', 32), new MirrorFile.WeakHash("MD5Sum") },
        { "dists/README", new MirrorFile.Loose() },
        { "Release", new MirrorFile.Loose() },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void A_path_says_when_its_file_may_change(string path, MirrorFile expected) =>
        Assert.Equal(expected, MirrorFile.Of(MirrorPath.Of(path), suite => suite is "trixie" or "stable" or "stable/updates"));

    [Theory]
    [InlineData(null, 0, 100)]
    [InlineData("bytes=0-", 0, 100)]
    [InlineData("bytes=40-", 40, 60)]
    [InlineData("bytes=40-49", 40, 10)]
    [InlineData("bytes=40-4000", 40, 60)]
    [InlineData("bytes=-10", 90, 10)]
    [InlineData("bytes=-1000", 0, 100)]
    [InlineData("bytes=50-40", 0, 100)]
    [InlineData("bytes=0-1,5-6", 0, 100)]
    [InlineData("lines=1-2", 0, 100)]
    [InlineData("bytes=x-5", 0, 100)]
    [InlineData("bytes=5-x", 0, 100)]
    public void A_range_is_a_part_or_the_whole(string? header, long offset, long count) => Assert.Equal(new ByteRange(offset, count), ByteRange.Of(header, 100));

    [Theory]
    [InlineData("bytes=100-", 100)]
    [InlineData("bytes=100-200", 100)]
    [InlineData("bytes=-0", 100)]
    [InlineData("bytes=0-", 0)]
    public void A_range_of_nothing_is_none(string header, long length) => Assert.Null(ByteRange.Of(header, length));
}
