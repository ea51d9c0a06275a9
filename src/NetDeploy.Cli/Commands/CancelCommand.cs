using System.CommandLine;
using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy cancel NAME</c>: takes back a grant that no disk has felt yet.</summary>
internal static class CancelCommand
{
    public static Command Create()
    {
        var name = Common.Name();
        var data = Common.Data();
        var json = Common.Json();
        var command = new Command("cancel", "Take back a machine's grant, as long as nothing was written.") { name, data, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = Common.Connect(parsed, data);
            var wanted = parsed.GetRequiredValue(name);
            await client.CancelAsync(wanted, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Common.PrintJson(await client.MachineAsync(wanted, cancellationToken).ConfigureAwait(false), NetDeployJson.Default.MachineView);
                return Invocation.Done;
            }

            Console.Out.WriteLine($"The deployment of {wanted} is cancelled.");
            return Invocation.Done;
        });
        return command;
    }
}
