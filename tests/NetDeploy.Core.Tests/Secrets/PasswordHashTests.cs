using System.Diagnostics;
using CsCheck;
using NetDeploy.Core.Secrets;

namespace NetDeploy.Core.Tests.Secrets;

public sealed class PasswordHashTests
{
    /// <summary>The test vectors of Ulrich Drepper's SHA-crypt.txt for SHA-512.</summary>
    [Theory]
    [InlineData("$6$saltstring", "Hello world!", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1")]
    [InlineData("$6$rounds=10000$saltstringsaltstring", "Hello world!", "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.")]
    [InlineData("$6$rounds=5000$toolongsaltstring", "This is just a test", "$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0")]
    [InlineData("$6$rounds=1400$anotherlongsaltstring", "a very much longer text to encrypt.  This one even stretches over morethan one line.", "$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1")]
    [InlineData("$6$rounds=77777$short", "we have a short salt string but not a short password", "$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0")]
    [InlineData("$6$rounds=123456$asaltof16chars..", "a short string", "$6$rounds=123456$asaltof16chars..$BtCwjqMJGx5hrJhZywWvt0RLE8uZ4oPwcelCjmw2kSYu.Ec6ycULevoBK25fs2xXgMNrCzIMVcgEJAstJeonj1")]
    [InlineData("$6$rounds=10$roundstoolow", "the minimum number is still observed", "$6$rounds=1000$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX.")]
    public void The_published_vectors_come_out(string setting, string password, string hash) =>
        Assert.Equal(hash, PasswordHash.Crypt(password, setting));

    [Fact]
    public void It_makes_what_openssl_makes()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/openssl"), "needs openssl");
        var password = Gen.Char["abcXYZ019 äß€!\"$'\\#%&/()"].Array[1, 80].Select(c => new string(c));
        var salt = Gen.Char["./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"].Array[1, 16].Select(c => new string(c));

        // openssl's own limit is 256 bytes.
        Gen.Select(password, salt).Sample(
            (p, s) => Assert.Equal(OpenSsl(p, s), PasswordHash.Crypt(p, "$6$" + s)),
            iter: 25,
            threads: 1);
    }

    [Fact]
    public void A_new_hash_has_its_own_salt_and_comes_again_only_from_its_password()
    {
        var (one, two) = (PasswordHash.Create("correct horse"), PasswordHash.Create("correct horse"));

        Assert.NotEqual(one, two);
        Assert.Matches(@"^\$6\$[A-Za-z0-9./]{16}\$[A-Za-z0-9./]{86}$", one);
        Assert.Equal(one, PasswordHash.Crypt("correct horse", one));
        Assert.NotEqual(one, PasswordHash.Crypt("correct horsf", one));
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("$5$saltstring$x")]
    [InlineData("$6$rounds=many$salt$x")]
    public void What_is_no_hash_of_this_method_is_no_setting(string hash) =>
        Assert.Throws<FormatException>(() => PasswordHash.Crypt("x", hash));

    private static string OpenSsl(string password, string salt)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/openssl", ["passwd", "-6", "-salt", salt, "-stdin"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new System.Text.UTF8Encoding(false),
        })!;
        process.StandardInput.Write(password + "\n");
        process.StandardInput.Close();
        var hash = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return hash;
    }
}
