using System.Diagnostics;
using System.Text;
using CsCheck;
using NetDeploy.Core.Targets;

namespace NetDeploy.Core.Tests.Targets;

public sealed class ShellQuoteTests
{
    [Theory]
    [InlineData("", "''")]
    [InlineData("plain", "'plain'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("'", @"''\'''")]
    [InlineData("$(reboot) `x` \\ \" !", "'$(reboot) `x` \\ \" !'")]
    [InlineData("two\nlines\n", "'two\nlines\n'")]
    public void Quotes_as_POSIX_says(string text, string expected)
    {
        Assert.True(ShellQuote.TryQuote(text, out var quoted));
        Assert.Equal(expected, quoted);
    }

    [Fact]
    public void NUL_is_refused() => Assert.False(ShellQuote.TryQuote("a\0b", out _));

    [Theory]
    [InlineData("/bin/sh")]
    [InlineData("/bin/busybox", "sh")]
    [InlineData("/bin/bash")]
    public void A_real_shell_reads_back_what_was_quoted(string shell, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists(shell) || File.Exists("/usr" + shell), $"needs {shell}");

        // Many words a shell, one shell a sample: each is printed with a NUL behind it, which no word can hold.
        var character = Gen.OneOf(Gen.Char["'\"\\$`!*?[]{}()<>|&;#~=% \t\n\r^-"], Gen.Char['a', 'z'], Gen.Char['\u0001', '\u007f'], Gen.Char['\u00a1', '\u04ff']);
        var words = character.Array[0, 40].Select(c => new string(c)).Array[1, 200];
        words.Sample(
            texts =>
            {
                var script = new StringBuilder();
                foreach (var text in texts)
                {
                    Assert.True(ShellQuote.TryQuote(text, out var quoted));
                    script.Append("printf '%s\\000' ").Append(quoted).Append('\n');
                }

                Assert.Equal(texts, Run(shell, arguments, script.ToString()).Split('\0')[..^1]);
            },
            iter: 20,
            threads: 1);
    }

    private static string Run(string shell, string[] arguments, string script)
    {
        using var process = Process.Start(new ProcessStartInfo(shell, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = new UTF8Encoding(false),
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        process.StandardInput.Write(script);
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)), "the shell did not end");
        return output.Result;
    }
}
