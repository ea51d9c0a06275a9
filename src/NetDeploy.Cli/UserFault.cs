namespace NetDeploy.Cli;

/// <summary>Something the person at the command can mend; the message says what is wrong, <see cref="Remedy"/> what to do.</summary>
internal sealed class UserFault(string message, string? remedy = null, int exitCode = Invocation.NotDone, Exception? inner = null) : Exception(message, inner)
{
    public string? Remedy { get; } = remedy;

    public int ExitCode { get; } = exitCode;
}
