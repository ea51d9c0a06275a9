using NetDeploy.Core.Deployments;

namespace NetDeploy.Core.Tests.Deployments;

public sealed class TimelineNoteTests
{
    /// <summary>Escape sequences, their 8-bit form, and what turns a line around or ends it.</summary>
    [Theory]
    [InlineData("\u001b[31mred", " [31mred")]
    [InlineData("\u009b2Jgone", " 2Jgone")]
    [InlineData("a\u202egnp.exe", "a gnp.exe")]
    [InlineData("a\u2066b\u2028c\u2029d\u200be", "a b c d e")]
    [InlineData("Größe 5 µm", "Größe 5 µm")]
    public void A_text_of_a_machine_steers_no_terminal(string text, string kept) =>
        Assert.Equal(kept, TimelineNote.Of("progress", TimelineSeverity.Info, text).Text);
}
