using NetDeploy.Server.BootFiles;

namespace NetDeploy.Server.Tests.BootFiles;

public sealed class BootFilesScriptTests : IDisposable
{
    private readonly Scratch scratch = new();

    [Theory]
    [InlineData(10, BootFilesFault.MissingTool)]
    [InlineData(11, BootFilesFault.MirrorUnreachable)]
    [InlineData(12, BootFilesFault.BadSignature)]
    [InlineData(13, BootFilesFault.DiskFull)]
    [InlineData(14, BootFilesFault.TooLarge)]
    [InlineData(15, BootFilesFault.Wrong)]
    [InlineData(1, BootFilesFault.Wrong)]
    public async Task An_exit_code_becomes_a_fault_with_the_last_line_as_reason(int code, BootFilesFault fault)
    {
        var script = scratch.Script("s", $"echo working >&2; echo 'it went wrong' >&2; exit {code}\n");

        var e = await Assert.ThrowsAsync<BootFilesException>(() => Run(script));

        Assert.Equal(fault, e.Fault);
        Assert.Equal("it went wrong", e.Message);
        Assert.NotEmpty(e.Remedy);
    }

    [Fact]
    public async Task Standard_error_is_progress_and_standard_output_the_result()
    {
        var script = scratch.Script("s", "echo one >&2; echo result; echo; echo two >&2\n");
        var lines = new Lines();

        var result = await BootFilesScript.RunAsync(script, [], lines, TestContext.Current.CancellationToken);

        Assert.Equal("result\n\n", result);
        Assert.Equal(["one", "two"], lines.Seen);
    }

    [Fact]
    public async Task Cancelling_ends_the_script()
    {
        var script = scratch.Script("s", "echo $$ >&2; exec sleep 300\n");
        using var cancel = new CancellationTokenSource();
        var lines = new Lines { OnReport = cancel.Cancel };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => BootFilesScript.RunAsync(script, [], lines, cancel.Token));

        var process = Path.Combine("/proc", lines.Seen[0], "stat");
        for (var i = 0; i < 100 && Alive(process); i++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.False(Alive(process));
    }

    [Fact]
    public async Task A_missing_script_is_our_fault_and_says_so()
    {
        var e = await Assert.ThrowsAsync<BootFilesException>(() => Run(Path.Combine(scratch.Path, "none")));

        Assert.Equal(BootFilesFault.Wrong, e.Fault);
    }

    public void Dispose() => scratch.Dispose();

    private static Task<string> Run(string script) => BootFilesScript.RunAsync(script, [], null, TestContext.Current.CancellationToken);

    private static bool Alive(string stat)
    {
        try
        {
            return !File.ReadAllText(stat).Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private sealed class Lines : IProgress<string>
    {
        public List<string> Seen { get; } = [];

        public Action? OnReport { get; init; }

        public void Report(string value)
        {
            Seen.Add(value);
            OnReport?.Invoke();
        }
    }
}
