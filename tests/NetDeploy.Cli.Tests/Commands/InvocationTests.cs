using System.CommandLine;
using System.Diagnostics;
using NetDeploy.Cli.Commands;
using NetDeploy.Client;

namespace NetDeploy.Cli.Tests.Commands;

/// <summary>What the operator sees of the whole command: names, exit codes, and no stack trace.</summary>
public sealed class InvocationTests
{
    [Fact]
    public async Task Help_calls_the_command_as_it_is_typed()
    {
        var (code, output, _) = await RunAsync("--help");
        Assert.Equal(0, code);
        Assert.Contains("netdeploy [command]", output, StringComparison.Ordinal);
        Assert.DoesNotContain("NetDeploy.Cli", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("foo", "--help")]
    [InlineData("foo")]
    [InlineData("lab", "foo", "--help")]
    [InlineData]
    public async Task An_unknown_verb_is_wrong_use_also_with_help(params string[] args)
    {
        var (code, output, error) = await RunAsync(args);
        Assert.Equal(Invocation.WrongUse, code);
        Assert.Empty(output);
        Assert.StartsWith("netdeploy: ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("up")]
    [InlineData("drill")]
    [InlineData("down")]
    public void A_lab_without_root_says_so_at_once(string verb)
    {
        Assert.Equal($"sudo ./netdeploy lab {verb}", Assert.Throws<UserFault>(() => LabCommand.NeedsRoot(verb, privileged: false)).Remedy);
        LabCommand.NeedsRoot(verb, privileged: true);
    }

    [Fact]
    public async Task What_the_host_refuses_is_a_line_with_a_remedy()
    {
        var command = new Command("netdeploy") { new Command("fall") };
        command.Subcommands[0].SetAction((_, _) => throw new UnauthorizedAccessException("Access to the path '/x' is denied."));
        Assert.Equal(Invocation.NotDone, await Invocation.RunAsync(command, ["fall"]));
        Assert.Equal(
            ("Access to the path '/x' is denied.", "Run it as the user that owns this file or folder, or as root (sudo)."),
            Invocation.Unforeseen(new UnauthorizedAccessException("Access to the path '/x' is denied.")));
        Assert.Contains("its room", Invocation.Unforeseen(new IOException("No space left on device")).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void What_nobody_foresaw_is_a_line_with_its_type_and_the_way_to_its_trace()
    {
        var (what, remedy) = Invocation.Unforeseen(new InvalidOperationException("one\ntwo"));
        Assert.Equal("InvalidOperationException: one two", what);
        Assert.Contains("NETDEPLOY_TRACE=1", remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_cannot_start_says_that_alone()
    {
        var folder = Directory.CreateTempSubdirectory("ndt-serve-").FullName;
        try
        {
            var (code, output, error) = await RunAsync("serve", "--interface", "ndt-absent", "--data", folder, "--images", Path.Combine(folder, "images"));
            Assert.Equal(Invocation.NotDone, code);
            Assert.Empty(output);
            Assert.StartsWith("netdeploy: There is no interface 'ndt-absent'.", error, StringComparison.Ordinal);
            Assert.Equal(2, error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("image", "image: queued, 0 %", "queued, 0 %")]
    [InlineData("power", "Power on web1.", "Power on web1.")]
    public void A_text_beside_its_kind_does_not_repeat_it(string kind, string text, string told) =>
        Assert.Equal(told, ShowCommand.Told(new TimelineView(1, 0, kind, text, null, null)));

    [Fact]
    public void A_log_steers_no_terminal() =>
        Assert.Equal(["first", "\t2 red and gone", "", "last"], ShowCommand.Lines("first\r\n\t2 \u001b[31mred\u202e and\u009b gone\a\n\nlast\n"));

    [Fact]
    public async Task One_variable_names_the_server_for_all_verbs()
    {
        var (code, _, error) = await RunAsync([("NETDEPLOY_DATA", "/nonexistent/own")], "machines");
        Assert.Equal(Invocation.NotDone, code);
        Assert.StartsWith("netdeploy: No server answers at /nonexistent/own/run/netdeploy.sock.", error, StringComparison.Ordinal);
        Assert.Contains("NETDEPLOY_DATA", error.Split('\n')[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("at NetDeploy.Client.", "machines", "--data", "/nonexistent")]
    [InlineData("at NetDeploy.Cli.Commands.ApplyCommand", "apply", "/nonexistent")]
    [InlineData("at NetDeploy.Server.", "serve", "--config", "/nonexistent/netdeploy.yaml")]
    public async Task The_stack_of_each_fault_is_shown_to_who_asks(string frame, params string[] args)
    {
        Assert.Contains(frame, (await RunAsync([("NETDEPLOY_TRACE", "1")], args)).Error, StringComparison.Ordinal);
        Assert.DoesNotContain("at NetDeploy.", (await RunAsync(args)).Error, StringComparison.Ordinal);
    }

    private static Task<(int Code, string Output, string Error)> RunAsync(params string[] args) => RunAsync([], args);

    private static async Task<(int Code, string Output, string Error)> RunAsync((string Name, string Value)[] environment, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "NetDeploy.Cli.dll"), .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
