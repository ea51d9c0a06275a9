using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using NetDeploy.Cli.Lab.Host;

namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>Starts a supervisor that outlives the command and its terminal.</summary>
/// <param name="supervise">The command line of <c>netdeploy lab supervise</c> for this folder.</param>
internal sealed class LabLauncher(LabFolder folder, ImmutableArray<string> supervise)
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    public LabControl Control { get; } = new(folder.ControlSocket);

    /// <summary>Returns when the supervisor answers: namespace made, server and worker started, blades off.</summary>
    /// <exception cref="UserFault">A lab is up already, or this one did not come up.</exception>
    public async Task<LabState> StartAsync(LabPlan plan, ICommandRunner commands, CancellationToken cancellationToken)
    {
        if (await Control.TryStateAsync(cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new UserFault("This lab is up already.", $"Use it, or end it with '{folder.Command("down")}'.");
        }

        // What a crashed lab left would get in the way.
        await new LabTeardown(commands).RunAsync(folder, plan.Network, cancellationToken: cancellationToken).ConfigureAwait(false);
        Directory.CreateDirectory(folder.Logs);
        Directory.CreateDirectory(folder.ServerData);
        await File.WriteAllTextAsync(folder.Plan, JsonSerializer.Serialize(plan, LabJson.Default.LabPlan), cancellationToken).ConfigureAwait(false);

        // setsid: no hang-up and no Ctrl-C of this terminal reaches the lab.
        using var started = Process.Start(new ProcessStartInfo(
            "/bin/sh",
            ["-c", "log=$1; shift; exec setsid --fork \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", folder.SupervisorLog, .. supervise]))!;
        await started.WaitForExitAsync(cancellationToken).ConfigureAwait(false);

        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < StartLimit)
        {
            if (await Control.TryStateAsync(cancellationToken).ConfigureAwait(false) is { } state)
            {
                return state;
            }

            await Task.Delay(100, cancellationToken).ConfigureAwait(false);
        }

        var said = File.Exists(folder.SupervisorLog) ? string.Join('\n', File.ReadLines(folder.SupervisorLog).TakeLast(5)) : "nothing was logged";
        throw new UserFault($"The lab did not come up in {StartLimit.TotalSeconds:0} s: {said}", $"The whole log is {folder.SupervisorLog}.");
    }
}
