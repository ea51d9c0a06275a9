using NetDeploy.Cli.Lab.Host;

namespace NetDeploy.Cli.Tests.Lab;

/// <summary>Answers commands from a function and remembers them.</summary>
internal sealed class FakeCommands(Func<IReadOnlyList<string>, CommandResult?> answer, ICommandRunner? otherwise = null) : ICommandRunner
{
    public List<string> Run { get; } = [];

    public Task<CommandResult> RunAsync(IReadOnlyList<string> command, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        lock (Run)
        {
            Run.Add(string.Join(' ', command));
        }

        return answer(command) is { } result
            ? Task.FromResult(result)
            : otherwise?.RunAsync(command, limit, cancellationToken) ?? throw new InvalidOperationException($"unexpected: {string.Join(' ', command)}");
    }
}
