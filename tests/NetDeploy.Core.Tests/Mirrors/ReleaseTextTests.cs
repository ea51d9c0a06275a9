using System.Text;
using NetDeploy.Core.Mirrors;

namespace NetDeploy.Core.Tests.Mirrors;

public sealed class ReleaseTextTests
{
    private static readonly string Sha = new('a', 64);

    private static readonly string Detached =
        $"Origin: Debian\nSuite: stable\nAcquire-By-Hash: yes\nMD5Sum:\n {new string('b', 32)} 7 main/binary-amd64/Packages\nSHA256:\n {Sha}       7 main/binary-amd64/Packages\n {Sha} 12 - odd\n".Replace(" 12 - odd", " 12 odd", StringComparison.Ordinal);

    private static string Signed(string text) =>
        $"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{text}-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----\n";

    [Fact]
    public void Both_forms_of_one_generation_are_one_and_list_the_same()
    {
        var detached = Parse(Detached)!;
        var inline = Parse(Signed(Detached))!;
        Assert.Equal(detached.Generation, inline.Generation);
        Assert.Equal(new ListedFile(7, Sha), inline.Files["main/binary-amd64/Packages"]);
        Assert.Equal(["main/binary-amd64/Packages", "odd"], inline.Files.Keys.Order());
        Assert.True(inline.AcquireByHash);
        Assert.NotEqual(detached.Generation, Parse(Detached.Replace(" 7 ", " 8 ", StringComparison.Ordinal))!.Generation);
        Assert.False(Parse(Detached.Replace("Acquire-By-Hash: yes", "Acquire-By-Hash: no", StringComparison.Ordinal))!.AcquireByHash);
    }

    [Fact]
    public void Escaped_dashes_and_blanks_at_the_end_are_not_of_the_text() =>
        Assert.Equal(Parse("A: b\n-x: y\n" + Detached)!.Generation, Parse(Signed("A: b \n- -x: y\r\n" + Detached))!.Generation);

    [Theory]
    [InlineData("")]
    [InlineData("<html>log in here</html>")]
    [InlineData("SHA256:\n")]
    [InlineData("SHA256:\n abc 7 main/Packages\n")]
    [InlineData("MD5Sum:\n aaaa 7 main/Packages\n")]
    public void What_lists_no_digest_is_no_release(string text) => Assert.Null(Parse(text));

    [Fact]
    public void Every_beginning_of_one_is_read_or_refused_and_throws_nothing()
    {
        var whole = Signed(Detached);
        for (var length = 0; length <= whole.Length; length++)
        {
            _ = Parse(whole[..length]);
        }
    }

    [Fact]
    public async Task An_index_tells_length_and_digest_by_path()
    {
        var text = $"Package: a\nFilename: pool/a.deb\nSize: 3\nSHA256: {Sha}\n\nPackage: b\nFilename: ./pool/b.deb\nSize: 4\nSHA256: {new string('C', 64)}\n\n"
            + $"Package: c\nFilename: pool/c.deb\nSHA256: {Sha}\n\nPackage: d\nFilename: pool/d.deb\nSize: 5\nSHA256: zz\n";
        var digests = await PackageDigests.ReadAsync(new StringReader(text), TestContext.Current.CancellationToken);
        Assert.Equal(2, digests.Count);
        Assert.Equal(new ListedFile(3, Sha), digests.Find("pool/a.deb"));
        Assert.Equal(new ListedFile(4, new string('c', 64)), digests.Find("pool/b.deb"));
        Assert.Null(digests.Find("pool/c.deb"));
        Assert.Null(digests.Find("pool/d.deb"));
    }

    private static ReleaseText? Parse(string text) => ReleaseText.Parse(Encoding.UTF8.GetBytes(text));
}
