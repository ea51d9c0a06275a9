using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary>Prints a machine's timeline until its deployment ended.</summary>
internal static class Following
{
    private static readonly string[] Ended = ["installed", "expired", "cancelled", "failed", "stuck", "quarantined"];

    /// <summary>The sequence of the newest entry: what comes after it is news.</summary>
    public static async Task<long> LastAsync(NetDeployClient client, string name, CancellationToken cancellationToken) =>
        await client.TimelineAsync(name, cancellationToken: cancellationToken).ConfigureAwait(false) is [.., var last] ? last.Sequence : 0;

    /// <summary>True where the machine is installed.</summary>
    /// <param name="json">The last line is the machine as JSON, and nothing else is on standard output.</param>
    public static async Task<bool> UntilEndAsync(NetDeployClient client, string name, long after, bool json, CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (var entry in await client.TimelineAsync(name, after, TimeSpan.FromSeconds(10), cancellationToken).ConfigureAwait(false))
            {
                await Console.Error.WriteLineAsync($"  {Output.Clock(entry.At)}  {name}  {entry.Text}").ConfigureAwait(false);
                after = entry.Sequence;
            }

            var machine = await client.MachineAsync(name, cancellationToken).ConfigureAwait(false);
            if (Ended.Contains(machine.State))
            {
                if (json)
                {
                    Output.Json(machine, NetDeployJson.Default.MachineView);
                }
                else
                {
                    Console.Out.WriteLine($"{name}: {machine.State}{(machine.Reason is null ? "" : ": " + machine.Reason)}");
                }

                return machine.State == "installed";
            }
        }
    }
}
