using CsCheck;

namespace NetDeploy.Server.Tests.BootFiles;

/// <summary>
/// The deploy environment sources its plan as root. These tests run its own check, in its own shell: what is not a
/// step call with quoted words is refused before anything of it is executed.
/// </summary>
public sealed class PlanCheckTests : IDisposable
{
    private const string Start = "step_plan '1' 'D' 'm'\n";
    private const string End = "step_finish\n";

    private readonly Scratch scratch = new();

    [Theory]
    [InlineData("")]
    [InlineData("step_claim\n")]
    [InlineData("step_claim   \n\n   \n")]
    [InlineData("step_file '/etc/motd' '0644' 'root' 'two\nlines; $(reboot) `reboot` \\ \"\n'\n")]
    [InlineData("step_file '/a' '0644' 'root' 'it'\\''s'\n")]
    [InlineData("step_file '/a' '0644' 'root' ''\\'''\\'''\n")]
    [InlineData("step_file '/a' '0644' 'root' 'step_finish\nreboot\n'\n")]
    public async Task Step_calls_with_quoted_words_pass(string middle) => Assert.Equal("", await Check(Start + middle + End));

    [Theory]
    [InlineData("reboot\n", "unknown step reboot")]
    [InlineData("step_claim; reboot\n", "no blank after step_claim")]
    [InlineData("step_claim 'a'; reboot\n", "not quoted")]
    [InlineData("step_claim $(reboot)\n", "not quoted")]
    [InlineData("step_claim \"$(reboot)\"\n", "not quoted")]
    [InlineData("step_claim 'a' | sh\n", "not quoted")]
    [InlineData("step_claim 'a' && reboot\n", "not quoted")]
    [InlineData("step_claim 'a' >/dev/nvme0n1\n", "not quoted")]
    [InlineData("step_claim 'a'b\n", "not quoted")]
    [InlineData("step_claim \\a\n", "not quoted")]
    [InlineData("step_claim \\\nreboot\n", "not quoted")]
    [InlineData("step_claim() { reboot; }\n", "no blank after")]
    [InlineData("`reboot`\n", "no step name")]
    [InlineData("# comment\n", "no step name")]
    [InlineData("x=1 step_claim\n", "unknown step x")]
    [InlineData("step_claim #\n", "not quoted")]
    [InlineData("step_claim\tx\n", "no blank after")]
    [InlineData("step_claim\r\n", "no blank after")]
    [InlineData("step_claimed\n", "unknown step step_claimed")]
    [InlineData("step_file 'open\n", "not closed")]
    [InlineData("step_finish\nstep_claim\n", "after step_finish")]
    public async Task Everything_else_is_refused(string middle, string reason) =>
        Assert.Contains(reason, await Check(Start + middle + End));

    [Theory]
    [InlineData("", "does not end with step_finish")]
    [InlineData("step_plan '1' 'D' 'm'\nstep_cl", "unknown step step_cl")]
    [InlineData("step_plan '1' 'D' 'm'\nstep_claim\n", "does not end with step_finish")]
    [InlineData("step_claim\nstep_finish\n", "the first step is not step_plan")]
    public async Task A_plan_is_whole(string plan, string reason) => Assert.Contains(reason, await Check(plan));

    [Fact]
    public void Whatever_is_quoted_passes_and_arrives_unchanged() =>
        Gen.Char[' ', '~'].Select(c => c).Array[0, 40].Select(c => new string(c))
            .Select(Gen.OneOf("'", "''", "\n", "\\", "$(reboot)", ";", "é"), (text, spice) => text + spice + text)
            .Sample(argument =>
            {
                var call = $"step_file '{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'\n";
                Assert.Equal("", Check(Start + call + End).Result);

                var plan = scratch.Write("seen", $"step_file() {{ printf %s \"$1\"; }}\n{call}");
                Assert.Equal(argument, ShellRun.Async("busybox", ["sh", plan]).Result.Output);
            }, iter: 30, threads: 1);

    public void Dispose() => scratch.Dispose();

    /// <summary>The reason of a refusal; empty where the plan passes.</summary>
    private async Task<string> Check(string plan)
    {
        Assert.SkipUnless(SourceTree.Tool("busybox") is not null, "needs busybox");
        var file = scratch.Write("plan", plan);
        var library = Path.Combine(SourceTree.BootFiles, "deploy/lib/plan.sh");
        var result = await ShellRun.Async("busybox", ["sh", "-c", $". '{library}'; plan_is_calls_only '{file}'"]);
        Assert.Equal("", result.Error);
        Assert.Equal(result.ExitCode == 0, result.Output.Length == 0);
        return result.Output;
    }
}
