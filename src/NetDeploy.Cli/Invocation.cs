using System.CommandLine;
using NetDeploy.Client;

namespace NetDeploy.Cli;

/// <summary>Exit codes and error texts, equal for all verbs: 0 done, 1 not done, 2 wrong use.</summary>
internal static class Invocation
{
    public const int Done = 0;
    public const int NotDone = 1;
    public const int WrongUse = 2;

    private const string TraceVariable = "NETDEPLOY_TRACE";

    public static async Task<int> RunAsync(Command root, string[] args)
    {
        var parsed = root.Parse(args);
        // --help forgives every error of the parse, and would answer for a verb that does not exist.
        string[] errors = parsed.Errors.Count > 0 ? [.. parsed.Errors.Select(e => e.Message)] : [.. parsed.UnmatchedTokens.Select(t => $"There is no command or argument '{t}'.")];
        if (errors.Length > 0)
        {
            foreach (var error in errors)
            {
                await Console.Error.WriteLineAsync($"netdeploy: {error}").ConfigureAwait(false);
            }

            await Console.Error.WriteLineAsync($"Try 'netdeploy {string.Join(' ', Path(parsed.CommandResult))} --help'.".Replace("  ", " ", StringComparison.Ordinal)).ConfigureAwait(false);
            return WrongUse;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }).ConfigureAwait(false);
        }
        catch (NetDeployApiException e)
        {
            Output.Diagnostics(e.Diagnostics);
            await FailAsync(e.Message, e.Remedy).ConfigureAwait(false);
            await TraceAsync(e).ConfigureAwait(false);
            return e.Status == 400 ? WrongUse : NotDone;
        }
        catch (UserFault e)
        {
            await FailAsync(e.Message, e.Remedy).ConfigureAwait(false);
            await TraceAsync(e).ConfigureAwait(false);
            return e.ExitCode;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("netdeploy: stopped.").ConfigureAwait(false);
            return NotDone;
        }
#pragma warning disable CA1031 // The end of the program: whatever arrives here is told in a line, and a trace is for who asks for one.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var (what, remedy) = Unforeseen(e);
            await FailAsync(what, remedy).ConfigureAwait(false);
            await TraceAsync(e).ConfigureAwait(false);
            return NotDone;
        }
    }

    /// <summary>What the host refuses has a remedy; the rest is a fault of this program, and its trace is worth reporting.</summary>
    internal static (string What, string Remedy) Unforeseen(Exception e) => e switch
    {
        UnauthorizedAccessException => (Line(e.Message), "Run it as the user that owns this file or folder, or as root (sudo)."),
        IOException => (Line(e.Message), "Look after this file's disk, its room and its permissions, then run it again."),
        _ => ($"{e.GetType().Name}: {Line(e.Message)}", $"This is a fault of netdeploy; {TraceVariable}=1 before the same command prints its trace."),
    };

    private static string Line(string message) => message.ReplaceLineEndings(" ");

    public static async Task FailAsync(string what, string? remedy)
    {
        await Console.Error.WriteLineAsync($"netdeploy: {what}").ConfigureAwait(false);
        if (remedy is not null)
        {
            await Console.Error.WriteLineAsync($"  remedy: {remedy}").ConfigureAwait(false);
        }
    }

    /// <summary>Foreseen or not: where a fault came from helps who looks for its cause.</summary>
    internal static Task TraceAsync(Exception e) =>
        Environment.GetEnvironmentVariable(TraceVariable) is { Length: > 0 } ? Console.Error.WriteLineAsync(e.ToString()) : Task.CompletedTask;

    private static Stack<string> Path(System.CommandLine.Parsing.SymbolResult? result)
    {
        var names = new Stack<string>();
        for (; result is System.CommandLine.Parsing.CommandResult command; result = command.Parent)
        {
            if (command.Parent is not null)
            {
                names.Push(command.Command.Name);
            }
        }

        return names;
    }
}
