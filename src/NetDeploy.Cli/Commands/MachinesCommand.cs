using System.CommandLine;
using NetDeploy.Client;
using Spectre.Console;

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
            foreach (var warning in (await client.StatusAsync(cancellationToken).ConfigureAwait(false)).Warnings)
            {
                await Console.Error.WriteLineAsync($"netdeploy: warning of the server: {warning}").ConfigureAwait(false);
            }

            if (parsed.GetValue(json))
            {
                Output.Json(list, NetDeployJson.Default.MachineListView);
                return Invocation.Done;
            }

            var table = new Table().Border(TableBorder.Simple).AddColumns("machine", "state", "distro", "profiles", "address", "what");
            foreach (var m in list.Machines)
            {
                table.AddRow(
                    Markup.Escape(m.Name),
                    m.State,
                    m.Distro ?? "-",
                    Markup.Escape(string.Join(' ', m.Profiles)),
                    m.Address ?? "-",
                    Markup.Escape(m.Reason ?? (m.Step is null ? "" : m.Percent is null ? m.Step : $"{m.Step} {m.Percent} %")));
            }

            AnsiConsole.Write(table);
            if (list.Unknown.Count > 0)
            {
                AnsiConsole.WriteLine("Seen asking, named by no document:");
                foreach (var u in list.Unknown)
                {
                    AnsiConsole.WriteLine($"  {u.Mac}  {u.Firmware}  {u.Address ?? "-"}  last {Output.Clock(u.LastSeen)}, {u.Requests} requests");
                }
            }

            return Invocation.Done;
        });
        return command;
    }
}
