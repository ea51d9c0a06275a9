using System.Diagnostics;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Net;

namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>
/// Leaves nothing of a lab: asks a living supervisor first, then ends what lab.json still names, then what is left in the
/// namespace, then the namespace and the files. Works after a crash at any point, and twice.
/// </summary>
internal sealed class LabTeardown(ICommandRunner commands)
{
    private static readonly TimeSpan SupervisorLimit = TimeSpan.FromSeconds(40);

    /// <summary>What was removed, a line each; empty where nothing was left.</summary>
    /// <param name="network">The namespace, should no file name it any more.</param>
    /// <param name="keepLogs">Leaves the logs folder, for the one who looks into a failure.</param>
    public async Task<IReadOnlyList<string>> RunAsync(LabFolder folder, string network, bool keepLogs = false, CancellationToken cancellationToken = default)
    {
        var removed = new List<string>();
        var state = LabState.Read(folder.State);
        if (await AskSupervisorAsync(folder, cancellationToken).ConfigureAwait(false) is { } last)
        {
            state = last;
            removed.Add($"supervisor (process {last.Supervisor.Id}), {last.Children.Count(c => c.ExitCode is null)} processes and {last.Blades.Count(b => b.On)} running blades");
        }

        await EndProcessesAsync(state, removed, cancellationToken).ConfigureAwait(false);
        foreach (var name in new[] { state?.Network, LabPlan.Read(folder.Plan)?.Network, network }.OfType<string>().Distinct())
        {
            await RemoveNetworkAsync(new LabNetwork(commands, LabMainServer.NamespaceOf(name)), removed, cancellationToken).ConfigureAwait(false);
            await RemoveNetworkAsync(new LabNetwork(commands, name), removed, cancellationToken).ConfigureAwait(false);
        }

        if (state is not null && removed.Count > 0 && !File.Exists("/run/netns/" + state.Network) && !removed.Any(r => r.StartsWith("namespace", StringComparison.Ordinal)))
        {
            removed.Add("namespace " + state.Network);
        }

        RemoveFiles(folder, keepLogs, removed);
        return removed;
    }

    private static async Task<LabState?> AskSupervisorAsync(LabFolder folder, CancellationToken cancellationToken)
    {
        LabState state;
        try
        {
            state = await new LabControl(folder.ControlSocket).DownAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is LabAbsentException or UserFault)
        {
            // None there, or one that does not answer any more: the signals do it.
            return null;
        }

        var clock = Stopwatch.StartNew();
        while (state.Supervisor.IsAlive && clock.Elapsed < SupervisorLimit)
        {
            await Task.Delay(100, cancellationToken).ConfigureAwait(false);
        }

        return state;
    }

    private static async Task EndProcessesAsync(LabState? state, List<string> removed, CancellationToken cancellationToken)
    {
        if (state is null)
        {
            return;
        }

        // The supervisor first: it would only be surprised by the deaths of the others.
        var known = new[] { ("supervisor", (ProcessIdentity?)state.Supervisor) }
            .Concat(state.Children.Select(c => (c.Name, c.Process)))
            .Concat(state.Blades.Select(b => (b.Hardware.Name, b.Process)));
        foreach (var (name, process) in known)
        {
            if (process is not null && await process.EndAsync(TimeSpan.FromSeconds(5), cancellationToken).ConfigureAwait(false))
            {
                removed.Add($"{name} (process {process.Id})");
            }
        }
    }

    private static async Task RemoveNetworkAsync(LabNetwork network, List<string> removed, CancellationToken cancellationToken)
    {
        if (!network.Exists)
        {
            return;
        }

        foreach (var id in await network.ProcessesAsync(cancellationToken).ConfigureAwait(false))
        {
            if (ProcessIdentity.Of(id) is { } process && await process.EndAsync(TimeSpan.FromSeconds(5), cancellationToken).ConfigureAwait(false))
            {
                removed.Add($"process {id} in the namespace {network.Name}");
            }
        }

        await network.RemoveAsync(cancellationToken).ConfigureAwait(false);
        removed.Add("namespace " + network.Name);
    }

    /// <summary>Only what a lab makes: a folder named by mistake keeps what else is in it.</summary>
    private static void RemoveFiles(LabFolder folder, bool keepLogs, List<string> removed)
    {
        string[] folders = keepLogs ? [folder.Blades, folder.ServerData, folder.Keys] : [folder.Blades, folder.ServerData, folder.Keys, folder.Logs];
        foreach (var path in folders.Where(Directory.Exists))
        {
            Directory.Delete(path, recursive: true);
            removed.Add(path);
        }

        foreach (var path in new[] { folder.ControlSocket, folder.State + ".new", folder.State, folder.Plan }.Where(File.Exists))
        {
            File.Delete(path);
            removed.Add(path);
        }

        if (Directory.Exists(folder.Root) && !Directory.EnumerateFileSystemEntries(folder.Root).Any())
        {
            Directory.Delete(folder.Root);
            removed.Add(folder.Root);
        }
    }
}
