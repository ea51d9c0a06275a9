using System.CommandLine;
using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy machines</c>: one line a machine, then who else was seen asking.</summary>
internal static class MachinesCommand
{
    public static Command Create()
    {
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var command = new Command("machines", "List the machines and their state, and unknown ones that asked.") { data, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = VerbOptions.Connect(parsed, data);
            var list = await client.MachinesAsync(cancellationToken).ConfigureAwait(false);
            var status = await client.StatusAsync(cancellationToken).ConfigureAwait(false);
            foreach (var warning in status.Warnings)
            {
                await Console.Error.WriteLineAsync($"netdeploy: warning of the server: {warning}").ConfigureAwait(false);
            }

            if (parsed.GetValue(json))
            {
                Output.Json(list, NetDeployJson.Default.MachineListView);
                return Invocation.Done;
            }

            foreach (var line in MachineLines.Of(list, Console.IsOutputRedirected ? int.MaxValue : Console.WindowWidth))
            {
                Console.Out.WriteLine(line);
            }

            foreach (var line in MachineLines.Of(status.OtherServers ?? []))
            {
                Console.Out.WriteLine(line);
            }

            return Invocation.Done;
        });
        return command;
    }
}
