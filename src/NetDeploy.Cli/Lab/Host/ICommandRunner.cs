namespace NetDeploy.Cli.Lab.Host;

/// <summary>What a command left. Exit code 127: there is no such command; 124: it was stopped at its time limit.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    public const int NotFound = 127;
    public const int TimedOut = 124;

    public bool Succeeded => ExitCode == 0;

    /// <summary>What it complained of, in one line.</summary>
    public string Complaint
    {
        get
        {
            var lines = (Error.Trim().Length > 0 ? Error : Output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return lines.Length > 0 ? lines[^1] : $"exit code {ExitCode}";
        }
    }
}

/// <summary>The seam to the host's own commands.</summary>
internal interface ICommandRunner
{
    /// <summary>Runs one command to its end, with nothing on its standard input. The first word is the program, found by PATH; no shell is between.</summary>
    Task<CommandResult> RunAsync(IReadOnlyList<string> command, TimeSpan limit, CancellationToken cancellationToken = default);
}
