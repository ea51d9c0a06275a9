using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using NetDeploy.Cli.Lab.Net;

namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>The server or the worker. It is started once: one that ends by itself is a failure to be seen, not to be hidden by a restart.</summary>
internal sealed class SupervisedChild(ChildCommand command, string log, LabNetwork network, ChildSpawner spawner, ILogger logger) : IDisposable
{
    private Process? _process;
    private ProcessIdentity? _identity;
    private bool _ending;

    public event Action? Changed;

    public ChildState State { get; private set; } = new(command.Name, null, null);

    public async Task StartAsync()
    {
        var words = CommandLine(command, network);
        _process = await spawner.StartAsync(words, log, command.Environment).ConfigureAwait(false);
        _identity = ProcessIdentity.Of(_process.Id);
        State = State with { Process = _identity };
        var id = _process.Id;
        var line = string.Join(' ', words);
        logger.ChildStarted(command.Name, id, line);
        _ = WatchAsync(_process);
    }

    public async Task EndAsync()
    {
        _ending = true;
        if (_identity is not null)
        {
            // The first process of a tree of its own does not pass the request on; its children are made to be killed.
            await _identity.EndAsync(command.OwnProcessTree ? TimeSpan.Zero : TimeSpan.FromSeconds(10)).ConfigureAwait(false);
        }
    }

    public void Dispose() => _process?.Dispose();

    /// <summary>The whole command: into the namespace or a process tree of its own, and down to its user.</summary>
    internal static ImmutableArray<string> CommandLine(ChildCommand command, LabNetwork network)
    {
        // A change of user clears the parent-death signal (prctl(2)), so it is set again behind that change.
        ImmutableArray<string> words = command.User is { } user
            ? ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--pdeathsig", "KILL", "--", .. command.Arguments]
            : command.Arguments;
        if (command.OwnProcessTree)
        {
            words = ["unshare", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--", .. words];
        }

        return command.InsideNetwork ? [.. network.Inside(words)] : words;
    }

    private async Task WatchAsync(Process process)
    {
        await process.WaitForExitAsync().ConfigureAwait(false);
        State = State with { ExitCode = process.ExitCode };
        if (!_ending)
        {
            logger.ChildEnded(command.Name, process.ExitCode);
        }

        Changed?.Invoke();
    }
}
