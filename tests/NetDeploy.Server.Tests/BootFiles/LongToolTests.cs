namespace NetDeploy.Server.Tests.BootFiles;

/// <summary>A tool of the target that runs longer than the server bears silence: what it writes is told, and nothing else is.</summary>
public sealed class LongToolTests : IDisposable
{
    private readonly Scratch _scratch = new();

    [Fact]
    public async Task What_it_writes_is_news_also_when_it_ends_well()
    {
        var told = await RunAsync("echo one; sleep 2.5; echo two; sleep 2.5; echo three");

        Assert.Equal(["step_x the tool: 1 lines so far", "step_x the tool: 2 lines so far", "went on"], told);
    }

    [Fact]
    public async Task One_that_writes_nothing_is_not_taken_for_alive() => Assert.Equal(["went on"], await RunAsync("sleep 3.5"));

    [Fact]
    public async Task One_that_fails_fails_the_step_with_its_last_words() =>
        Assert.Equal(["failed: the tool: no space left"], await RunAsync("echo begun; echo no space left >&2; echo; exit 7"));

    [Fact]
    public async Task One_that_is_killed_fails_the_step() => Assert.Equal(["failed: the tool: Killed"], await RunAsync("echo begun; kill -KILL $$"));

    public void Dispose() => _scratch.Dispose();

    private async Task<string[]> RunAsync(string tool)
    {
        Assert.SkipUnless(SourceTree.Tool("busybox") is not null, "needs busybox");
        var script = _scratch.Write("run", $$"""
            . {{Path.Combine(SourceTree.BootFiles, "deploy/lib/log.sh")}}
            ND={{_scratch.Path}} news_seconds=1 step=step_x
            progress() {
                # As the real one does.
                true &
                echo "$1 $3" >>"$ND/told"
            }
            fail() { echo "failed: $*" >>"$ND/told"; exit 0; }
            must_in_time "the tool" busybox sh -c '{{tool}}'
            echo "went on" >>"$ND/told"
            """);
        var result = await ShellRun.Async("busybox", ["sh", "-u", script]);
        Assert.True(result is { ExitCode: 0, Error: "" }, result.ToString());
        return await File.ReadAllLinesAsync(Path.Combine(_scratch.Path, "told"));
    }
}
