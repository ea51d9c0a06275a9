using System.CommandLine;
using NetDeploy.Client;

namespace NetDeploy.Cli;

/// <summary>Exit codes and error texts, equal for all verbs: 0 done, 1 not done, 2 wrong use.</summary>
internal static class Invocation
{
    public const int Done = 0;
    public const int NotDone = 1;
    public const int WrongUse = 2;

    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                await Console.Error.WriteLineAsync($"netdeploy: {error.Message}").ConfigureAwait(false);
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
            return e.Status == 400 ? WrongUse : NotDone;
        }
        catch (UserFault e)
        {
            await FailAsync(e.Message, e.Remedy).ConfigureAwait(false);
            return e.ExitCode;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("netdeploy: stopped.").ConfigureAwait(false);
            return NotDone;
        }
    }

    public static async Task FailAsync(string what, string? remedy)
    {
        await Console.Error.WriteLineAsync($"netdeploy: {what}").ConfigureAwait(false);
        if (remedy is not null)
        {
            await Console.Error.WriteLineAsync($"  remedy: {remedy}").ConfigureAwait(false);
        }
    }

    private static Stack<string> Path(System.CommandLine.Parsing.SymbolResult? result)
    {
        var names = new Stack<string>();
        for (; result is System.CommandLine.Parsing.CommandResult command; result = command.Parent)
        {
            if (command.Command is not RootCommand)
            {
                names.Push(command.Command.Name);
            }
        }

        return names;
    }
}
