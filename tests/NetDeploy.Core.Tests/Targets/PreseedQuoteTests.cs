using CsCheck;
using NetDeploy.Core.Targets.Preseed;

namespace NetDeploy.Core.Tests.Targets;

public sealed class PreseedQuoteTests
{
    [Theory]
    [InlineData("$6$salt$hash/./x")]
    [InlineData("it's \"quoted\" `x` $(reboot) # no comment")]
    [InlineData("Größe, ЖЗИ, 漢字, 🦊")]
    [InlineData("a\\nb")]
    [InlineData("")]
    public void What_a_line_can_hold_is_taken(string value) => Assert.Null(PreseedQuote.Objection(value));

    [Theory]
    [InlineData("two\nlines", "line break")]
    [InlineData("a\rb", "line break")]
    [InlineData("a\0b", "control")]
    [InlineData("ends in \\", "joins the next line")]
    [InlineData(" blank", "would be lost")]
    [InlineData("blank ", "would be lost")]
    public void What_would_be_read_otherwise_is_refused(string value, string why) =>
        Assert.Contains(why, PreseedQuote.Objection(value), StringComparison.Ordinal);

    // No attribute can hold it.
    [Fact]
    public void Half_a_character_is_refused() => Assert.Contains("half a character", PreseedQuote.Objection("half " + '\ud83e'), StringComparison.Ordinal);

    [Fact]
    public void A_refused_value_is_an_error_with_the_name_of_its_question()
    {
        var result = new PreseedFile([new PreseedQuestion("time/zone", QuestionType.Select, "a\nd-i partman/confirm boolean true")]).Render();

        Assert.Null(result.Value);
        Assert.Equal("time/zone", Assert.Single(result.Diagnostics).Path);
    }

    /// <summary>
    /// The installer's own way of reading: its debconf-set-selections is a shell script that takes the line apart by sed and read.
    /// debconf's Perl program is the stricter judge of the form.
    /// </summary>
    [Fact]
    public void Debconf_reads_every_value_that_is_taken_as_one_line()
    {
        Assert.SkipUnless(DebconfCheck.IsThere, "needs debconf");
        var character = Gen.OneOf(Gen.Char["'\"\\$`!*?[]{}()<>|&;#~=%, \t\n\r"], Gen.Char['a', 'z'], Gen.Char['\u0001', '\u007f'], Gen.Char['\u00a1', '\u04ff']);
        character.Array[0, 40].Select(c => new string(c)).Array[1, 200].Sample(
            values =>
            {
                var taken = values.Where(v => PreseedQuote.Objection(v) is null).ToArray();
                var file = new PreseedFile([.. taken.Select((v, i) => new PreseedQuestion($"netdeploy/q{i}", QuestionType.String, v))]).Render().Value!;
                Assert.Equal(taken.Length, file.Reveal().Count(c => c == '\n'));
                Assert.Equal(taken, file.Reveal().Split('\n')[..^1].Select(l => l[(l.IndexOf(" string ", StringComparison.Ordinal) + " string ".Length)..]));
                Assert.Equal("", DebconfCheck.Run(file.Reveal()));
            },
            iter: 10,
            threads: 1);
    }
}
